"""What this app does with events."""

from __future__ import annotations

from uuid import UUID

from gateway.events.models import Event
from refunds.services.forget_customer import forget_customer


def follow_customer(event_id: UUID, *, replay: bool) -> None:
    """A customer was erased: what was written about them into refunds goes too."""
    event = Event.objects.unscoped("the event names its own merchant").get(id=event_id)
    forget_customer(tenant=event.tenant, customer_id=event.subject_id)
