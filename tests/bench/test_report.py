"""The fault suite's bookkeeping: crash points, seeds, and the last line."""

from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest

from bench.faults.judge import Verdict
from bench.faults.points import Deck, find_points, role_of
from bench.faults.report import Report
from bench.faults.rounds import Round
from bench.faults.traffic import MIX, plan_round
from bench.faults.unresolved import UnresolvedWatch

ROOT = Path(__file__).resolve().parents[2]


def played(number: int, verdict: Verdict, waits_s: Sequence[float] = ()) -> Round:
    return Round(
        number=number,
        verdict=verdict,
        strikes=[],
        deaths=[],
        statuses={"201": 1},
        commits_cut=2,
        longest_trouble_s=1.25,
        waits_s=list(waits_s),
        seconds=1,
        logs="",
    )


def test_unknown_outcomes_that_stay_unknown_too_long_fail_the_suite() -> None:
    report = Report(seed=1, deck=Deck(["here"], 1))
    report.add(1, played(1, Verdict(payments=3), waits_s=[1.0] * 19 + [61.0]))
    summary = report.summary()
    assert (summary["ok"], summary["unknown_resolved_in_60_s"]) == (True, 0.95)
    report.add(2, played(2, Verdict(payments=3), waits_s=[61.0]))
    summary = report.summary()
    assert (summary["ok"], summary["slowest_unknown_s"]) == (False, 61.0)


def test_one_unknown_outcome_that_took_over_ten_minutes_fails_the_suite() -> None:
    report = Report(seed=1, deck=Deck(["here"], 1))
    report.add(1, played(1, Verdict(payments=3), waits_s=[1.0] * 99 + [601.0]))
    assert not report.ok


def test_a_wait_begins_when_an_outcome_is_unknown_and_ends_when_it_is_settled() -> None:
    watch = UnresolvedWatch()
    watch.see([("asking", None), ("unknown", 0)], now=100.0)
    watch.see([("asking", None), ("unknown", None)], now=103.0)
    watch.see([("asking", 22)], now=104.0)
    watch.see([], now=110.0)
    assert sorted(watch.waits_s) == [4.0, 28.0]


def test_the_points_are_those_that_the_source_reaches() -> None:
    points = find_points(ROOT)
    assert {"payments.before_send", "opening_before_commit", "after_claim", "refund_after_settle"} <= set(points)
    assert role_of("opening_before_commit") == "web"
    assert role_of("payments.before_send") == "worker"


def test_the_same_seed_and_round_deal_the_same_points() -> None:
    first, second = Deck(find_points(ROOT), 5), Deck(find_points(ROOT), 5)
    for deck in (first, second):
        deck.shuffle(3)
    assert [first.deal("worker") for _ in range(6)] == [second.deal("worker") for _ in range(6)]


def test_twenty_rounds_deal_every_point() -> None:
    deck = Deck(find_points(ROOT), 5)
    dealt: set[str] = set()
    for number in range(1, 21):
        deck.shuffle(number)
        dealt |= {deck.deal("worker").split(":")[0] for _ in range(7)}
        dealt |= {deck.deal("web").split(":")[0] for _ in range(4)}
    assert dealt == set(deck.points)


def test_deaths_are_counted_by_what_dying_processes_print() -> None:
    deck = Deck(["here", "there"], 1)
    assert deck.count("hello\ncrash_point_reached here\ncrash_point_reached here\n") == ["here", "here"]
    assert deck.missed() == ["there"]
    assert deck.table().splitlines() == ["  here      2", "  there     0"]


def test_the_same_seed_plans_the_same_payments() -> None:
    first, second = (plan_round("1:4", payments=110, merchants=3) for _ in range(2))
    assert [told.key for _, told, _ in first] == [told.key for _, told, _ in second]
    assert len(first) == 110
    assert sum(share for _, share in MIX) == 100


def test_the_last_line_counts_what_must_be_zero() -> None:
    report = Report(seed=1, deck=Deck(["here"], 1))
    report.add(1, played(1, Verdict(payments=100)))
    assert report.summary()["ok"] is True
    report.add(2, played(2, Verdict(payments=100, lost=["pay_1 does not exist"], differences=["a", "b"])))
    summary = report.summary()
    assert summary["ok"] is False
    keys = (
        "rounds",
        "payments",
        "lost",
        "duplicated",
        "unresolved",
        "oracle_differences",
        "failed_rounds",
        "commits_cut",
    )
    assert [summary[key] for key in keys] == [2, 200, 1, 0, 0, 2, [2], 4]


def test_a_round_that_the_suite_could_not_finish_fails_it() -> None:
    report = Report(seed=1, deck=Deck(["here"], 1))
    report.add(1, played(1, Verdict(payments=100)))
    report.broken.append("round 2: SystemBroken: it did not start")
    assert (report.summary()["ok"], report.summary()["broken"]) == (False, report.broken)


def test_twenty_rounds_in_which_nothing_happened_prove_nothing() -> None:
    def of_rounds(payments: int, lines: int, waits_s: Sequence[float]) -> Report:
        report = Report(seed=1, deck=Deck(["here"], 1))
        report.deck.count("crash_point_reached here\n")
        for number in range(1, 21):
            report.add(number, played(number, Verdict(payments=payments, settled_lines=lines), waits_s))
        return report

    assert of_rounds(100, 1, [1.0]).ok
    for idle in (of_rounds(99, 1, [1.0]), of_rounds(100, 0, [1.0]), of_rounds(100, 1, [])):
        assert not idle.ok
        assert len(idle.idle()) == 1


def test_a_watcher_that_cannot_look_says_so() -> None:
    with pytest.raises(psycopg.ProgrammingError), UnresolvedWatch().watching("not a database=really"):
        pass
