"""Send events again: one, or all that pass a filter in a time range."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from gateway.audit.services.record import record
from gateway.core import clock
from gateway.core.errors import Invalid
from gateway.core.ids import lowest_id_at
from gateway.core.opening import NO_CALL, SteppedCall
from gateway.core.tenancy import Tenant
from gateway.events.models import Event
from webhooks import states
from webhooks.models import Delivery
from webhooks.services.fan_out_events import fan_out_events, queue_deliveries

MAX_EVENTS = 1000
EVENTS_PER_STEP = 100
_EPOCH = datetime.fromtimestamp(0, UTC)
# The clock of the machine may have been set back a little between an event's timestamp and its id.
_SKEW = timedelta(minutes=1)
# Longer than any request or run from the moment that it takes for now to the events that it writes.
_LONGEST_DELAY = timedelta(days=1)


def replay_events(
    *,
    tenant: Tenant,
    event_ids: Sequence[UUID] | None = None,
    types: Sequence[str] = ("*",),
    since: datetime | None = None,
    until: datetime | None = None,
    endpoint_id: UUID | None = None,
    undelivered_only: bool = False,
    call: SteppedCall = NO_CALL,
) -> int:
    """Send again what is named by id, or happened (on the merchant's clock, as events are listed) between `since` and
    `until` and is of these types; returns how many deliveries start.

    To every enabled endpoint that wants them, or to one. A delivery keeps its number; an event that an endpoint never
    got takes the next. Consumers inside the gateway see nothing of it. Raises Invalid when the range holds more than
    1000 events.

    It goes in steps of 100 events, each a transaction of its own, oldest first, because the merchant's new events wait
    meanwhile. Asked again after a crash, it passes over the deliveries that are under way.
    """
    with transaction.atomic():
        call.claim()
        chosen = _chosen(tenant, event_ids, types, since, until)
    started = 0
    while True:
        step, chosen = chosen[:EVENTS_PER_STEP], chosen[EVENTS_PER_STEP:]
        with transaction.atomic():
            call.begin()
            deliveries = _replay(tenant, step, types, endpoint_id, undelivered_only=undelivered_only)
            started += len(deliveries)
            if not chosen:
                call.remember(started)
            queue_deliveries(deliveries)
        if not chosen:
            return started


def _chosen(
    tenant: Tenant,
    event_ids: Sequence[UUID] | None,
    types: Sequence[str],
    since: datetime | None,
    until: datetime | None,
) -> list[UUID]:
    events = Event.objects.for_merchant(tenant).filter(_named(types), _made(tenant, since, until))
    if event_ids is not None:
        events = events.filter(id__in=event_ids)
    if since is not None:
        events = events.filter(timestamp__gte=since)
    if until is not None:
        events = events.filter(timestamp__lt=until)
    chosen = list(events.order_by("id").values_list("id", flat=True)[: MAX_EVENTS + 1])
    if len(chosen) > MAX_EVENTS:
        raise Invalid.field(
            "created_gte", "range_too_large", f"At most {MAX_EVENTS} events at once; choose a shorter range."
        )
    return chosen


def _replay(
    tenant: Tenant, event_ids: Sequence[UUID], types: Sequence[str], endpoint_id: UUID | None, *, undelivered_only: bool
) -> list[Delivery]:
    events = Event.objects.for_merchant(tenant).filter(id__in=event_ids).defer("body", "sealed_body")
    statuses = (states.FAILED, states.DISCARDED) if undelivered_only else states.DELIVERY.states
    deliveries = fan_out_events(
        tenant=tenant,
        events=list(events.order_by("id")),
        replay=True,
        endpoint_id=endpoint_id,
        replayed_statuses=statuses,
    )
    record(
        action="event.replayed",
        subject_type="event",
        subject_id=str(event_ids[0]) if len(event_ids) == 1 else "",
        tenant=tenant,
        data={"events": len(event_ids), "deliveries": len(deliveries), "types": list(types)},
    )
    return deliveries


def _made(tenant: Tenant, since: datetime | None, until: datetime | None) -> Q:
    """What the range says of the ids, which are made in real time: so that months outside of it are not read.

    A clock only goes forward, so no event's was further ahead than it is now; how far it was behind nobody knows, except
    in live mode, where it never is.
    """
    made = Q()
    if since is not None:
        ahead = max(clock.offset_of(tenant.merchant_id, tenant.livemode), timedelta()) + _SKEW
        made &= Q(id__gte=lowest_id_at(max(since, _EPOCH + ahead) - ahead))
    if until is not None and tenant.livemode:
        made &= Q(id__lt=lowest_id_at(min(until, timezone.now()) + _LONGEST_DELAY))
    return made


def _named(types: Sequence[str]) -> Q:
    """The rule of `matching.matches`, as a condition: filtered before it is counted."""
    if "*" in types:
        return Q()
    condition = Q(pk__in=[])
    for name in types:
        condition |= Q(type__startswith=name[:-1]) if name.endswith(".*") else Q(type=name)
    return condition
