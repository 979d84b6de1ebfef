"""The faults: what strikes a round, when, drawn by the seed."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.faults.client import Json
from bench.faults.judge import close_books
from bench.faults.receivers import MOODS
from bench.faults.servers import restart_postgres
from bench.faults.system import WEBS, WORKERS, System

WINDOW_S = 20.0
# Provider work is leased for 30 s.
PAST_THE_LEASE_S = 33.0
BANK_FAULTS = (
    "delay_before_commit:1.5",
    "delay_after_commit:1.5",
    "drop_response",
    "error_500_before_commit",
    "error_500_after_commit",
    "rate_limited",
    "duplicate_webhook",
    "late_webhook:2",
    "reorder_webhooks:2",
    "never_answer:4",
)
# Longer than the gateway waits for its provider (20 s).
PAST_THE_TIMEOUT = "delay_after_commit:23"


@dataclass
class Strike:
    """Something that happens at a moment of the round; `act` may return what happens later, and when."""

    at_s: float
    name: str
    act: Callable[[System], list[Strike] | None]


def draw(seed: str, round_number: int, merchants: list[Json]) -> list[Strike]:
    """The strikes of a round in the order of their time; the same for the same seed and number."""
    dice = random.Random(f"{seed}:strikes")
    names = list(_STRIKES)
    random.Random(seed.split(":", maxsplit=1)[0]).shuffle(names)
    turn = (round_number - 1) * 3
    # Three by turn, so that each comes often enough, and one by chance.
    chosen = [names[(turn + n) % len(names)] for n in range(3)] + [dice.choice(names)]
    strikes = [Strike(0.0, "bank faults", lambda system: _plan_bank_faults(system, seed, round_number, merchants))]
    mood = MOODS[round_number % len(MOODS)]
    strikes += [Strike(0.0, f"a receiver: {mood}", lambda system: setattr(system.moody, "mood", mood))]
    strikes += [Strike(dice.uniform(2, 8), "kill -9 of a web server", lambda system: _kill(system, dice.choice(WEBS)))]
    strikes += [Strike(dice.uniform(2, 8), "kill -9 of a worker", lambda system: _kill(system, dice.choice(WORKERS)))]
    strikes += [Strike(dice.uniform(6, WINDOW_S), "the bank settles", lambda system: _settle(system, merchants))]
    for name in dict.fromkeys(chosen):
        strikes.append(Strike(dice.uniform(1, WINDOW_S), name, _bound(_STRIKES[name], dice)))
    return sorted(strikes, key=lambda strike: strike.at_s)


def _settle(system: System, merchants: list[Json]) -> None:
    """In the midst of it all the bank closes its books, and workers that may die import what it says."""

    def close_and_import() -> None:
        for merchant in merchants:
            with contextlib.suppress(OSError):
                close_books(system, merchant)
        system.manage("import_settlements", timeout_s=30)

    system.errands.submit(close_and_import)  # a frozen bank must not keep us from thawing it


def heal(system: System, merchants: list[Json]) -> None:
    """End every fault: what is paused goes on, the bank answers, receivers are well."""
    system.disarm()
    system.moody.mood = "well"
    for name in system.processes:
        system.resume(name)
    if system.broker is not None and system.broker.process is None:
        system.broker.start()
    system.revive()
    for merchant in merchants:
        _patiently(lambda key=merchant["bank_key"]: system.bank("DELETE", "/v1/faults", key))  # type: ignore[misc]
        _patiently(lambda key=merchant["bank_key"]: system.bank("POST", "/v1/faults/release", key))  # type: ignore[misc]


def _bound(
    strike: Callable[[System, random.Random], list[Strike] | None], dice: random.Random
) -> Callable[[System], list[Strike] | None]:
    return lambda system: strike(system, dice)


def _kill(system: System, name: str) -> None:
    system.resume(name)
    system.kill(name)


def _pause_past_the_lease(system: System, dice: random.Random) -> list[Strike]:
    name = dice.choice(WORKERS)
    system.pause(name)
    return [Strike(PAST_THE_LEASE_S, f"{name} goes on", lambda later: later.resume(name))]


def _pause_web(system: System, dice: random.Random) -> list[Strike]:
    name = dice.choice(WEBS)
    system.pause(name)
    return [Strike(4.0, f"{name} goes on", lambda later: later.resume(name))]


def _freeze_bank(system: System, dice: random.Random) -> list[Strike]:
    system.pause("bank")
    return [Strike(dice.uniform(2, 6), "the bank goes on", lambda later: later.resume("bank"))]


def _flush_broker(system: System, dice: random.Random) -> None:
    del dice
    if system.broker is not None:
        system.broker.flush()


def _restart_broker(system: System, dice: random.Random) -> None:
    del dice
    if system.broker is not None:
        system.broker.stop()
        system.broker.start()


def _stop_broker(system: System, dice: random.Random) -> list[Strike]:
    if system.broker is not None:
        system.broker.stop()
    return [Strike(dice.uniform(5, 12), "the broker is back", _start_broker)]


def _start_broker(system: System) -> None:
    if system.broker is not None and system.broker.process is None:
        system.broker.start()


def _restart_postgres(system: System, dice: random.Random) -> None:
    del dice
    seconds = restart_postgres(system.layout)
    system.say(f"    PostgreSQL was away for {seconds:.1f} s")


def _cut_before(system: System, dice: random.Random) -> None:
    system.cut_commits("before", dice.randint(3, 8))


def _cut_after(system: System, dice: random.Random) -> None:
    system.cut_commits("after", dice.randint(3, 8))


def _cut_connections(system: System, dice: random.Random) -> None:
    del dice
    system.cut_connections()


_STRIKES: dict[str, Callable[[System, random.Random], list[Strike] | None]] = {
    "SIGSTOP of a worker past its lease": _pause_past_the_lease,
    "SIGSTOP of a web server": _pause_web,
    "the bank is frozen": _freeze_bank,
    "the broker is flushed": _flush_broker,
    "the broker is restarted": _restart_broker,
    "the broker is away": _stop_broker,
    "PostgreSQL is restarted": _restart_postgres,
    "connections are cut before COMMIT": _cut_before,
    "connections are cut after COMMIT": _cut_after,
    "all connections are cut": _cut_connections,
}


def _plan_bank_faults(system: System, seed: str, round_number: int, merchants: list[Json]) -> None:
    for number, merchant in enumerate(merchants):
        is_slow = round_number % 4 == 0 and number == 0
        plans = [{"faults": [PAST_THE_TIMEOUT], "next": 3, "probability": 1}] if is_slow else []
        plans += [{"faults": list(BANK_FAULTS), "next": 1000, "probability": 0.35}]
        for plan in plans:
            body = {**plan, "seed": random.Random(f"{seed}:{number}:bank").getrandbits(31), "operations": []}
            _patiently(lambda key=merchant["bank_key"], body=body: system.bank("POST", "/v1/faults", key, body))  # type: ignore[misc]


def _patiently(ask: Callable[[], object]) -> None:
    """The bank's database restarts too."""
    for attempt in range(40):
        try:
            ask()
        except OSError:
            if attempt == 39:
                raise
            time.sleep(0.5)
        else:
            return
