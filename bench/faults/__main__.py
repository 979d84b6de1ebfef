"""`python -m bench.faults --seed S --rounds N`: see docs/faults.md. The last line of its output is one JSON object."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
import traceback

from bench.faults.outage import restart_under_load
from bench.faults.played import Played, with_system
from bench.faults.points import Deck, find_points
from bench.faults.races import SIZES, run_races
from bench.faults.report import Report
from bench.faults.rounds import ROUNDS_PER_SYSTEM, play_round, replay
from bench.faults.system import ROOT, SystemBroken


def main() -> int:
    """Play the rounds, the races and the restarts; 0 when nothing was lost, duplicated, unresolved or different."""
    arguments = _arguments()
    deck = Deck(find_points(ROOT), arguments.seed)
    report = Report(seed=arguments.seed, deck=deck)
    started = time.monotonic()
    numbers = list(range(arguments.round, arguments.round + arguments.rounds))
    while numbers:
        # A system serves some rounds, and none after one that failed: its books would accuse the next.
        block = (numbers[0] - 1) // ROUNDS_PER_SYSTEM
        with with_system(deck, real_redis=block % 2 == 0, say=say) as played:
            while numbers and (numbers[0] - 1) // ROUNDS_PER_SYSTEM == block:
                number = numbers.pop(0)
                if not _played_well(report, played, number, arguments):
                    played.keep = True
                    break
    if arguments.races != "off" or arguments.restarts:
        with with_system(deck, real_redis=True, say=say) as played:
            if arguments.restarts:
                report.outage = restart_under_load(played, restarts=arguments.restarts)
            if arguments.races != "off":
                report.races = run_races(played, SIZES[arguments.races], runs=arguments.race_runs)
            played.keep = not report.ok
    say(report.table())
    report.seconds = time.monotonic() - started
    say(json.dumps(report.summary()))
    return 0 if report.ok else 1


def _played_well(report: Report, played: Played, number: int, arguments: argparse.Namespace) -> bool:
    """One round, whose end is a line of the report even when the suite itself failed."""
    try:
        report.add(number, play_round(played, seed=arguments.seed, number=number, payments=arguments.payments))
    except Exception as error:  # whatever it is, the rounds before it count
        traceback.print_exc()
        report.broken.append(f"round {number}: {type(error).__name__}: {error}. {replay(arguments.seed, number)}")
        return False
    return not report.rounds[-1].failures


def say(line: str) -> None:
    """One line for the person at the terminal, at once."""
    print(line, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.faults", description="Strike the whole system, and compare.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--round", type=int, default=int(os.environ.get("ROUND") or 1), help="the first round's number")
    parser.add_argument("--payments", type=int, default=105, help="a round")
    parser.add_argument("--races", default=os.environ.get("RACES") or "default", help="off, small, default or full")
    parser.add_argument("--race-runs", type=int, default=int(os.environ.get("RACE_RUNS") or 5))
    parser.add_argument("--restarts", type=int, default=int(os.environ.get("RESTARTS") or 3), help="of PostgreSQL")
    arguments = parser.parse_args()
    if arguments.races not in ("off", *SIZES):
        parser.error(f"RACES is off, {', '.join(SIZES)}; not {arguments.races}")
    return arguments


def _end(number: int, frame: object) -> None:
    """Leave through every `finally`, so that nothing of ours goes on."""
    say(f"Told to stop by {signal.Signals(number).name}.")
    raise SystemExit(128 + number)


if __name__ == "__main__":
    for stop in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop, _end)
    try:
        sys.exit(main())
    except SystemBroken as broken:
        say(f"The suite could not go on: {broken}")
        sys.exit(2)
