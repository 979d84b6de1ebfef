"""What this app does with events."""

from __future__ import annotations

from uuid import UUID

from gateway.events.models import Event
from webhooks.services.fan_out_event import fan_out_event, queue_deliveries


def fan_out_deliveries(event_id: UUID, *, replay: bool) -> None:
    """Make the deliveries of the event, in the transaction of its consumption."""
    event = Event.objects.unscoped("the event names its own merchant").get(id=event_id)
    queue_deliveries(fan_out_event(event=event, replay=replay))
