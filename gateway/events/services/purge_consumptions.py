"""Forget consumptions of events that were retired with their partition."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from gateway.core.ids import lowest_id_at
from gateway.events.models import Consumption

KEPT = timedelta(days=120)
BATCH = 10_000


def purge_consumptions() -> int:
    """Delete a bounded batch of old, finished consumptions; how many."""
    old = Consumption.objects.filter(id__lt=lowest_id_at(timezone.now() - KEPT), consumed_at__isnull=False)
    deleted, _ = Consumption.objects.filter(id__in=list(old.values_list("id", flat=True)[:BATCH])).delete()
    return deleted
