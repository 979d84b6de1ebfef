"""Forget consumptions of events that were retired with their partition."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from gateway.core.ids import lowest_id_at
from gateway.events.models import Consumption

KEPT = timedelta(days=120)
BATCH = 10_000


def purge_consumptions() -> int:
    """Delete old, finished consumptions, in bounded statements; how many."""
    deleted = 0
    while batch := _delete_some():
        deleted += batch
        if batch < BATCH:
            break
    return deleted


def _delete_some() -> int:
    old = Consumption.objects.filter(id__lt=lowest_id_at(timezone.now() - KEPT), consumed_at__isnull=False)
    return Consumption.objects.filter(id__in=list(old.values_list("id", flat=True)[:BATCH])).delete()[0]
