"""Give up what waits for an endpoint that is no longer to be called."""

from __future__ import annotations

from uuid import UUID

from django.db.models import F

from webhooks import states
from webhooks.models import Delivery
from webhooks.services.fan_out_events import queue_deliveries


def discard_pending(*, endpoint_id: UUID) -> int:
    """Discard every unfinished delivery of the endpoint; returns how many. Their work is due now, and ends by itself.

    The rows are locked in key order first, because a worker may be settling one of them.
    """
    rows = Delivery.objects.unscoped("the endpoint has one merchant").filter(
        endpoint_id=endpoint_id, status__in=states.UNFINISHED
    )
    pending = list(rows.only("merchant_id", "livemode").order_by("id").select_for_update(of=("self",)))
    discarded = rows.filter(id__in=[delivery.id for delivery in pending]).update(
        status=states.DISCARDED, next_attempt_at=None, in_flight_since=None, version=F("version") + 1
    )
    queue_deliveries(pending)
    return discarded
