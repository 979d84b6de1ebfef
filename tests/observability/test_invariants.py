"""The runner of invariants, and its command."""

import importlib
import json
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from gateway.core.invariants import MAX_VIOLATIONS, Violation
from gateway.observability.models import InvariantRun
from gateway.observability.services.audit_truths import audit_truths
from gateway.observability.services.watch_truths import watch_truths

pytestmark = pytest.mark.django_db
NAME, DESCRIPTION = "tests.broken", "Nothing is ever broken."
HERE = "tests.observability.test_invariants"


def violations() -> Iterator[Violation]:
    """More than anybody wants to read."""
    for number in range(MAX_VIOLATIONS + 5):
        yield Violation(f"thing {number}", "is broken")


def run(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("check_invariants", *arguments, stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_every_invariant_of_the_settings_holds_on_an_empty_house() -> None:
    results = audit_truths()

    assert len(results) > 5
    assert [(result.name, result.violations) for result in results if not result.holds] == []
    assert run()[0] == 0


def test_a_broken_one_is_named_bounded_and_ends_with_status_1() -> None:
    with override_settings(INVARIANTS=[HERE]):
        status, said = run("--json")
        report: dict[str, Any] = json.loads(said)
        assert status == 1 and not report["ok"]
        assert len(report["invariants"][0]["violations"]) == MAX_VIOLATIONS
        assert report["invariants"][0]["complete"] is False
        assert "BROKEN tests.broken" in run()[1]


def test_the_nightly_run_tells_the_log_and_the_page(caplog: pytest.LogCaptureFixture) -> None:
    with override_settings(INVARIANTS=[HERE]):
        audit_truths()

    assert "invariant tests.broken does not hold" in caplog.text
    kept = InvariantRun.objects.get()
    assert (kept.name, kept.violations, kept.complete, len(kept.details)) == (NAME, MAX_VIOLATIONS, False, 50)
    assert kept.details[0] == {"subject": "thing 0", "detail": "is broken"}
    assert kept.broken_since == kept.started_at


def test_how_long_something_is_broken_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    with override_settings(INVARIANTS=[HERE]):
        audit_truths()
        first = InvariantRun.objects.get().broken_since
        audit_truths()
        assert InvariantRun.objects.get().broken_since == first
        monkeypatch.setattr(importlib.import_module(HERE), "violations", _nothing)
        audit_truths()
        kept = InvariantRun.objects.get()
        assert (kept.violations, kept.details, kept.broken_since) == (0, [], None)


def test_a_truth_that_cannot_be_checked_does_not_hold_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def violations() -> Iterator[Violation]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM no_such_table")
        yield from ()

    monkeypatch.setattr(importlib.import_module(HERE), "violations", violations)
    with override_settings(INVARIANTS=[HERE, "gateway.ledger.invariants.trial_balance"]):
        broken, fine = audit_truths()
    assert broken.violations == (Violation("this check", "could not be made: ProgrammingError"),)
    assert fine.holds


def test_the_watch_lets_a_truth_rest_in_proportion_to_its_cost() -> None:
    with override_settings(INVARIANTS=[HERE]):
        assert watch_truths() == [NAME]
        assert watch_truths() == []
        seconds_ago(20, elapsed_ms=900)
        assert watch_truths() == [NAME]
        seconds_ago(20, elapsed_ms=5000)
        assert watch_truths() == []
        seconds_ago(101, elapsed_ms=5000)
        assert watch_truths() == [NAME]


def _nothing() -> Iterator[Violation]:
    yield from ()


def seconds_ago(seconds: int, *, elapsed_ms: int) -> None:
    InvariantRun.objects.update(started_at=timezone.now() - timedelta(seconds=seconds), elapsed_ms=elapsed_ms)


def test_one_can_be_asked_for_by_name() -> None:
    assert run("ledger.invariants.trial_balance")[1].endswith("1 of 1 hold.\n")
    with pytest.raises(CommandError, match="no invariant"):
        run("no.such")
