"""One round: traffic and strikes side by side, then healing, quiet, and the judgement."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from bench.faults.client import Client, Json, Witness
from bench.faults.judge import Verdict, judge
from bench.faults.played import Played
from bench.faults.strikes import WINDOW_S, Strike, draw, heal
from bench.faults.system import System
from bench.faults.traffic import Told, carry_out, plan_round
from bench.faults.unresolved import UnresolvedWatch

ROUNDS_PER_SYSTEM = 10
_HANDS = 16
_LONGEST_S = 400.0
# Faults end when this share of the scenarios has; on a slow machine after this time.
_STRUCK_SHARE = 0.6
_LONGEST_STRUCK_S = 90.0


@dataclass
class Round:
    """What a round did and found."""

    number: int
    verdict: Verdict
    strikes: list[str]
    deaths: list[str]
    statuses: dict[str, int]
    commits_cut: int
    longest_trouble_s: float
    waits_s: list[float]
    seconds: float
    logs: str
    exits: list[str] = field(default_factory=list)

    @property
    def failures(self) -> dict[str, list[str]]:
        """What must not be."""
        return self.verdict.failures


def play_round(played: Played, *, seed: int, number: int, payments: int) -> Round:
    """Play round `number`: the same traffic and strikes for the same seed and number."""
    system, merchants = played.system, played.merchants
    label = f"{seed}:{number}"
    started = time.monotonic()
    witness, cut_before = Witness(), system.commits_cut()
    system.deck.shuffle(number)
    system.deaths.clear()
    system.exits.clear()
    system.arm()
    clients = [Client(system.base_urls, each["key_id"], each["secret"], witness) for each in merchants]
    planned = plan_round(label, payments=payments, merchants=len(merchants))
    strikes = draw(label, number, merchants)
    names = [f"{strike.name} at {strike.at_s:.1f} s" for strike in strikes]
    system.say(f"round {number}: {'; '.join(names)}")
    system.unresolved = UnresolvedWatch()
    with system.unresolved.watching(system.environment["DATABASE_OWNER_URL"]):
        with ThreadPoolExecutor(_HANDS) as hands:
            going = [
                hands.submit(carry_out, scenario, clients[told.merchant], told, dice)
                for scenario, told, dice in planned
            ]
            try:
                is_over = _strike(system, merchants, strikes, going)
                witness.stopped = not is_over
            except BaseException:
                witness.stopped = True  # nobody waits for what will not come
                for each in going:
                    each.cancel()
                raise
        tolds = [each.result() for each in going]
        witness.stopped = False
        driven_s = time.monotonic() - started
        verdict = judge(system, merchants, tolds, played.earlier, witness, settle=True)
        verdict.unresolved += [] if is_over else [f"the round was not over after {_LONGEST_S:.0f} s"]
    played_round = Round(
        number=number,
        verdict=verdict,
        strikes=names,
        deaths=list(system.deaths),
        statuses=dict(witness.statuses),
        commits_cut=system.commits_cut() - cut_before,
        waits_s=system.unresolved.waits_s,
        longest_trouble_s=_longest_trouble(witness.troubles),
        seconds=time.monotonic() - started,
        logs=str(system.layout.logs),
        exits=list(system.exits),
    )
    found = ", ".join(f"{kind} {len(items)}" for kind, items in verdict.failures.items()) or "nothing wrong"
    system.say(
        f"round {number}: {verdict.payments} payments in {driven_s:.0f} s, quiet after {verdict.quiet_s:.0f} s more; "
        f"settled so far: {verdict.settled_lines} lines; "
        f"unknown outcomes: {len(played_round.waits_s)}, the slowest {max(played_round.waits_s, default=0.0):.0f} s; "
        f"died: {', '.join(system.deaths) or 'nobody'}; commits cut: {played_round.commits_cut}; "
        f"answers: {played_round.statuses}; {found}"
    )
    if system.exits:
        system.say(f"  {'; '.join(system.exits)}")
    if verdict.failures:
        _tell(system, seed, played_round)
    return played_round


def _strike(system: System, merchants: list[Json], strikes: list[Strike], going: list[Future[Told]]) -> bool:
    """The main thread's part of a round: strike in time, start again what died, heal, and wait for the traffic's end.

    False when the traffic did not end in time.
    """
    started = time.monotonic()
    waiting = list(strikes)
    healed = False
    while not (healed and all(each.done() for each in going)):
        now = time.monotonic() - started
        for strike in [each for each in waiting if each.at_s <= now]:
            waiting.remove(strike)
            waiting += [Strike(now + later.at_s, later.name, later.act) for later in strike.act(system) or []]
        system.revive()
        done = sum(each.done() for each in going)
        is_enough = now > WINDOW_S and done > len(going) * _STRUCK_SHARE
        if not healed and not waiting and (is_enough or now > _LONGEST_STRUCK_S):
            heal(system, merchants)
            healed = True
        if now > _LONGEST_S:
            return False
        time.sleep(0.1)
    return True


def _longest_trouble(moments: list[float]) -> float:
    """The longest time in which clients met nothing but trouble now and then: gaps of over a second end it."""
    longest, start, last = 0.0, 0.0, float("-inf")
    for moment in sorted(moments):
        if moment - last > 1.0:
            start = moment
        last = moment
        longest = max(longest, last - start)
    return longest


def replay(seed: int, number: int) -> str:
    """How to play this round alone."""
    return f"Replay: make faults SEED={seed} ROUNDS=1 ROUND={number}"


def _tell(system: System, seed: int, failed: Round) -> None:
    """Everything that somebody needs to look into it."""
    system.say(f"ROUND {failed.number} FAILED. {replay(seed, failed.number)}")
    system.say(f"  logs: {failed.logs}")
    system.say(f"  faults: {'; '.join(failed.strikes)}; died: {', '.join(failed.deaths)}")
    for kind, items in failed.failures.items():
        for item in items[:20]:
            system.say(f"  {kind}: {item}")
        if len(items) > 20:
            system.say(f"  {kind}: and {len(items) - 20} more")
