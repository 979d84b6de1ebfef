"""PostgreSQL restarts under load, and nothing else is wrong: how long do merchants see errors, and which?

The last restart leaves it away for a while, which shows how soon we find it again.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from bench.faults.client import Client, Witness
from bench.faults.judge import judge
from bench.faults.played import Played
from bench.faults.servers import restart_postgres

# Retryable errors may last so long after it is back, and at a plain restart from the first to the last.
ERRORS_AT_MOST_S = 5.0
_HANDS = 8
_BEFORE_S, _AFTER_S, _HELD_S = 3.0, 9.0, 8.0


@dataclass
class Outage:
    """What the restarts cost: `errors_s` from the first to the last error of each, `late_s` from its return to its last error."""

    restarts: int = 0
    requests: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    away_s: list[float] = field(default_factory=list)
    errors_s: list[float] = field(default_factory=list)
    late_s: list[float] = field(default_factory=list)
    slowest_answer_s: float = 0.0
    failures: list[str] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """For the suite's last line."""
        return {
            "restarts": self.restarts,
            "requests": self.requests,
            "statuses": dict(self.statuses),
            "away_s": [round(seconds, 1) for seconds in self.away_s],
            "errors_s": [round(seconds, 1) for seconds in self.errors_s],
            "late_s": [round(seconds, 1) for seconds in self.late_s],
            "slowest_answer_s": round(self.slowest_answer_s, 1),
            "failures": len(self.failures),
        }


def restart_under_load(played: Played, *, restarts: int) -> Outage:
    """Restart PostgreSQL some times while merchants pay through both web servers; then the judge."""
    system, witness = played.system, Witness()
    system.disarm()
    outage, told = Outage(), set[str]()
    clients = [
        Client(system.base_urls, each["key_id"], each["secret"], witness, fresh_connections=True)
        for each in played.merchants
    ]
    for number in range(1, restarts + 1):
        witness.troubles.clear()
        held_s = _HELD_S if number == restarts else 0.0
        ends_at = time.monotonic() + _BEFORE_S + held_s + _AFTER_S
        with ThreadPoolExecutor(_HANDS) as hands:
            load = [hands.submit(_pay_until, ends_at, clients[hand % len(clients)]) for hand in range(_HANDS)]
            time.sleep(_BEFORE_S)
            outage.away_s.append(restart_postgres(system.layout, held_s=held_s))
            back_at = time.monotonic()
        for slowest_s, answered in (each.result() for each in load):
            outage.slowest_answer_s = max(outage.slowest_answer_s, slowest_s)
            told |= answered
        troubles = sorted(witness.troubles)
        first, last = (troubles[0], troubles[-1]) if troubles else (back_at, back_at)
        outage.errors_s.append(last - first)
        outage.late_s.append(max(last - back_at, 0.0))
        too_long_s = outage.late_s[-1] if held_s else outage.errors_s[-1]
        if too_long_s > ERRORS_AT_MOST_S:
            outage.failures.append(f"restart {number}: errors for {too_long_s:.1f} s")
        outage.restarts = number
        system.say(
            f"restart {number} of PostgreSQL under load: away {outage.away_s[-1]:.1f} s, errors for "
            f"{outage.errors_s[-1]:.1f} s, the last {outage.late_s[-1]:.1f} s after it was back, "
            f"answers so far {dict(witness.statuses)}"
        )
    outage.statuses, outage.requests = Counter(witness.statuses), witness.statuses.total()
    verdict = judge(system, played.merchants, [], played.earlier | told, witness)
    ends = {each["id"]: each["status"] for client in clients for each in client.listed("/api/v1/payments")}
    verdict.lost += [f"{one} is {ends.get(one)}" for one in told if ends.get(one) != "succeeded"]
    played.earlier |= told
    outage.failures += [f"{kind}: {item}" for kind, items in verdict.failures.items() for item in items]
    outage.failures += [f"answer {status}" for status in outage.statuses.keys() - {"200", "201", "503"}]
    return outage


def _pay_until(ends_at: float, client: Client) -> tuple[float, set[str]]:
    """Pay again and again, each until it is answered: the seconds that the slowest waited for its answer, and the payments."""
    slowest, told = 0.0, set[str]()
    while (started := time.monotonic()) < ends_at:
        body = {"amount": 1_500, "currency": "EUR", "payment_method": "pm_card_visa"}
        told.add(client.call("POST", "/api/v1/payments", body, key=str(uuid.uuid4())).body["id"])
        slowest = max(slowest, time.monotonic() - started)
    return slowest, told
