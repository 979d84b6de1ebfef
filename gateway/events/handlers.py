"""The way of an event to its consumers: one row per consumer, each with its own retry. Nothing follows a cursor."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from gateway.events.models import Consumption
from gateway.events.rules import wants
from gateway.events.selectors.events import event_for_work
from gateway.work.rules import Done, Result, WorkItem
from gateway.work.services.claim import Claim
from gateway.work.services.enqueue import enqueue_all

CONSUME = "events.consume"


def fan_out(claim: Claim) -> Result:
    """Make one consumption per consumer that wants the event, and the work that carries it out."""
    event = event_for_work(claim.subject_id)
    wanted = [
        Consumption(consumer=name, event=event)
        for name, consumer in sorted(settings.EVENT_CONSUMERS.items())
        if wants(consumer.get("types", ["*"]), event.type)
    ]
    Consumption.objects.bulk_create(wanted, ignore_conflicts=True)
    waiting = Consumption.objects.filter(event_id=event.id, consumed_at=None)
    enqueue_all(WorkItem(CONSUME, consumption.id, event.tenant) for consumption in waiting)
    return Done()


def consume(claim: Claim) -> Result:
    """Let one consumer act on one event, once, in this transaction."""
    consumption = Consumption.objects.select_for_update().filter(id=claim.subject_id, consumed_at=None).first()
    if consumption is None:
        return Done()
    consumer: dict[str, Any] | None = settings.EVENT_CONSUMERS.get(consumption.consumer)
    if consumer is not None:  # one that a later release dropped has nothing left to do
        import_string(consumer["handler"])(consumption.event_id, replay=False)
    consumption.consumed_at = timezone.now()
    consumption.save(update_fields=["consumed_at"])
    return Done()
