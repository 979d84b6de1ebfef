"""The runner of invariants, and its command."""

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from gateway.core.invariants import MAX_VIOLATIONS, Violation
from gateway.observability.invariants import run_invariants, watch_invariants

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
    results = run_invariants()

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


def test_the_nightly_run_tells_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with override_settings(INVARIANTS=[HERE]):
        watch_invariants()

    assert "invariant tests.broken does not hold" in caplog.text


def test_one_can_be_asked_for_by_name() -> None:
    assert run("ledger.invariants.trial_balance")[1].endswith("1 of 1 hold.\n")
    with pytest.raises(CommandError, match="no invariant"):
        run("no.such")
