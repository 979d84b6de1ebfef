"""Take back much work at once, of subjects that came to their end by other means."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from gateway.work import states
from gateway.work.models import Work


def forget(*, kind: str, subject_ids: Collection[UUID]) -> None:
    """Delete this work, in quarantine or not, without a run; nothing is queued in front of anybody.

    A run under way keeps its row, and runs once more at once: it may have read its subject before the caller's change,
    and would otherwise come back at the moment that it found there. Call it last in the transaction of that change, as
    `enqueue`, with the subjects' rows locked.
    """
    rows = Work.objects.filter(kind=kind, subject_id__in=subject_ids)
    # In this order: what runs now cannot report before our commit, and what starts in between finds the subjects locked.
    rows.filter(state=states.RUNNING).update(again=True)
    rows.exclude(state=states.RUNNING).delete()
