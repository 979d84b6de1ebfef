"""Reading the audit log."""

from __future__ import annotations

from django.db.models import Min
from django.utils import timezone

from gateway.audit.models import Unsealed


def unsealed_age_s() -> dict[str, float]:
    """How old the oldest entry is that no seal names yet; 0 when none waits. A gauge without a label."""
    oldest = Unsealed.objects.aggregate(oldest=Min("queued_at"))["oldest"]
    return {"": max((timezone.now() - oldest).total_seconds(), 0.0) if oldest else 0.0}
