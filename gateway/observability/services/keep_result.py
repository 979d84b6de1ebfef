"""Write down how a truth was found, and raise the alarm when it does not hold."""

from __future__ import annotations

import logging
from datetime import datetime

from django.utils import timezone

from gateway.core.invariants import InvariantResult
from gateway.observability.models import InvariantRun

log = logging.getLogger(__name__)
_KEPT = 50


def keep_result(*, result: InvariantResult, started_at: datetime) -> None:
    """Keep the result of a run that began at `started_at`; a newer one that is there already stays."""
    if not result.holds:
        shown = [f"{violation.subject}: {violation.detail}" for violation in result.violations[:10]]
        log.error("invariant %s does not hold", result.name, extra={"violations": shown})
    known, _ = InvariantRun.objects.get_or_create(name=result.name, defaults={"started_at": started_at})
    InvariantRun.objects.filter(name=result.name, started_at__lte=started_at).update(
        description=result.description,
        started_at=started_at,
        finished_at=timezone.now(),
        elapsed_ms=result.elapsed_ms,
        violations=len(result.violations),
        complete=result.complete,
        details=[{"subject": one.subject, "detail": one.detail} for one in result.violations[:_KEPT]],
        broken_since=None if result.holds else known.broken_since or started_at,
    )
