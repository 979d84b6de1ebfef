"""Send events again: one, or all that pass a filter in a time range."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from gateway.audit.services.record import record
from gateway.core.errors import Invalid
from gateway.core.ids import lowest_id_at
from gateway.core.opening import NO_CALL, OpeningCall
from gateway.core.tenancy import Tenant
from gateway.events.models import Event
from webhooks import states
from webhooks.services.fan_out_event import fan_out_event, lock_counters, queue_deliveries

MAX_EVENTS = 1000


def replay_events(
    *,
    tenant: Tenant,
    event_ids: Sequence[UUID] | None = None,
    types: Sequence[str] = ("*",),
    since: datetime | None = None,
    until: datetime | None = None,
    endpoint_id: UUID | None = None,
    undelivered_only: bool = False,
    call: OpeningCall = NO_CALL,
) -> int:
    """Send again what is named by id, or made (in real time) between `since` and `until` and of these types; returns
    how many deliveries start.

    To every enabled endpoint that wants them, or to one. A delivery keeps its number; an event that an endpoint never
    got takes the next. Consumers inside the gateway see nothing of it. Raises Invalid when the range holds more than
    1000 events.
    """
    events = Event.objects.for_merchant(tenant)
    if event_ids is not None:
        events = events.filter(id__in=event_ids)
    if since is not None:
        events = events.filter(id__gte=lowest_id_at(since))
    if until is not None:
        events = events.filter(id__lt=lowest_id_at(until))
    with transaction.atomic():
        call.begin()
        chosen = list(events.filter(_named(types)).order_by("id")[: MAX_EVENTS + 1])
        if len(chosen) > MAX_EVENTS:
            raise Invalid.field(
                "since", "range_too_large", f"At most {MAX_EVENTS} events at once; choose a shorter range."
            )
        lock_counters(tenant)
        statuses = (states.FAILED, states.DISCARDED) if undelivered_only else states.DELIVERY.states
        deliveries = [
            delivery
            for event in chosen
            for delivery in fan_out_event(event=event, replay=True, endpoint_id=endpoint_id, replayed_statuses=statuses)
        ]
        record(
            action="event.replayed",
            subject_type="event",
            subject_id=str(chosen[0].id) if len(chosen) == 1 else "",
            tenant=tenant,
            data={"events": len(chosen), "deliveries": len(deliveries), "types": list(types)},
        )
        call.remember(len(deliveries))
        queue_deliveries(deliveries)
    return len(deliveries)


def _named(types: Sequence[str]) -> Q:
    """The rule of `matching.matches`, as a condition: filtered before it is counted."""
    if "*" in types:
        return Q()
    condition = Q(pk__in=[])
    for name in types:
        condition |= Q(type__startswith=name[:-1]) if name.endswith(".*") else Q(type=name)
    return condition
