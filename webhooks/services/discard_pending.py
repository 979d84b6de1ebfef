"""Give up what waits for an endpoint that is no longer to be called."""

from __future__ import annotations

from uuid import UUID

from django.db.models import F

from gateway.work.services.forget import forget
from webhooks import states
from webhooks.models import Delivery


def discard_pending(*, endpoint_id: UUID) -> int:
    """Discard every unfinished delivery of the endpoint and forget their work; returns how many.

    The rows are locked in key order first, because a worker may be settling one of them.
    """
    rows = Delivery.objects.unscoped("the endpoint has one merchant").filter(
        endpoint_id=endpoint_id, status__in=states.UNFINISHED
    )
    pending = list(rows.order_by("id").select_for_update(of=("self",)).values_list("id", flat=True))
    discarded = rows.filter(id__in=pending).update(
        status=states.DISCARDED, next_attempt_at=None, in_flight_since=None, version=F("version") + 1
    )
    forget(kind="webhooks.deliver", subject_ids=pending)
    return discarded
