"""Forget answers that are older than the promise."""

from __future__ import annotations

from django.utils import timezone

from gateway.idempotency import states
from gateway.idempotency.models import IdempotencyKey
from gateway.idempotency.rules import RETENTION

BATCH = 5_000


def purge_keys() -> int:
    """Delete keys that were finished 30 days ago, in bounded statements; how many. Unfinished keys stay for ever."""
    deleted = 0
    while batch := _delete_some():
        deleted += batch
        if batch < BATCH:
            break
    return deleted


def _delete_some() -> int:
    rows = IdempotencyKey.objects.unscoped("retention concerns every merchant alike")
    old = rows.filter(state=states.FINISHED, finished_at__lt=timezone.now() - RETENTION)
    return rows.filter(id__in=list(old.values_list("id", flat=True)[:BATCH])).delete()[0]
