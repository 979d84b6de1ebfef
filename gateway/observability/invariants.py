"""Run the truths that must always hold (`settings.INVARIANTS`): in tests, every night, on demand."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.conf import settings

from gateway.core.invariants import InvariantResult, run
from gateway.core.metrics import INVARIANT_VIOLATIONS

log = logging.getLogger(__name__)


def run_invariants(paths: Iterable[str] | None = None) -> list[InvariantResult]:
    """Run the invariants in these modules, or all that the settings name. They only read."""
    return run(settings.INVARIANTS if paths is None else paths)


def watch_invariants() -> None:
    """Run them all and tell the log and the metrics: the nightly job."""
    for result in run_invariants():
        INVARIANT_VIOLATIONS.labels(result.name).set(len(result.violations))
        if not result.holds:
            shown = [f"{violation.subject}: {violation.detail}" for violation in result.violations[:10]]
            log.error("invariant %s does not hold", result.name, extra={"violations": shown})
