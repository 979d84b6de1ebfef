"""What this app does with events."""

from __future__ import annotations

from uuid import UUID

from django.db import connection

from gateway.events.models import Event
from webhooks.services.fan_out_events import fan_out_events, queue_deliveries

# A replay holds the counters for a moment: the event comes back then, and its thread carries out other work meanwhile.
_LOCK_TIMEOUT = "2s"


def fan_out_deliveries(event_id: UUID, *, replay: bool) -> None:
    """Make the deliveries of the event, in the transaction of its consumption."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [_LOCK_TIMEOUT])
    event = Event.objects.unscoped("the event names its own merchant").get(id=event_id)
    queue_deliveries(fan_out_events(tenant=event.tenant, events=[event], replay=replay))
