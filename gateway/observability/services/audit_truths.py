"""Run the truths that must always hold, all of them, whatever it costs: nightly, and whenever somebody asks."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.utils import timezone

from gateway.core.invariants import InvariantResult, run_one
from gateway.observability.services.keep_result import keep_result


def audit_truths(paths: Iterable[str] | None = None) -> list[InvariantResult]:
    """Run the invariants in these modules, or all that `settings.INVARIANTS` names, and keep what each found."""
    results = []
    for path in settings.INVARIANTS if paths is None else paths:
        started_at = timezone.now()
        result = run_one(path)
        keep_result(result=result, started_at=started_at)
        results.append(result)
    return results
