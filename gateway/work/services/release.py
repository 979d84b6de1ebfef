"""A person lets a quarantined row run again."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from gateway.work import states
from gateway.work.models import Work
from gateway.work.services.ring import ring


def release(work_id: UUID) -> bool:
    """Make a quarantined row due now, with a clean slate. False when it is not in quarantine (any more)."""
    with transaction.atomic():
        found = list(
            Work.objects.select_for_update().filter(id=work_id, state=states.QUARANTINED).values_list("id", "queue")
        )
        Work.objects.filter(id__in=[row[0] for row in found]).update(
            state=states.WAITING, run_at=timezone.now(), attempts=0, strikes=0, error=""
        )
        transaction.on_commit(partial(ring, found), robust=True)
    return bool(found)
