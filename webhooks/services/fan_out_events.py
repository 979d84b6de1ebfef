"""Make the deliveries of events."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from gateway.audit.services.record import record
from gateway.core.tenancy import Tenant
from gateway.events.models import Event
from gateway.work.rules import WorkItem
from gateway.work.selectors import quarantined
from gateway.work.services.enqueue import enqueue_all
from gateway.work.services.release import release
from webhooks import states
from webhooks.models import Delivery, Endpoint, EndpointCounter
from webhooks.rules.matching import TEST_EVENT_TYPE, matches

_ROWS_PER_INSERT = 500
_KIND = "webhooks.deliver"


def fan_out_events(
    *,
    tenant: Tenant,
    events: Sequence[Event],
    replay: bool = False,
    endpoint_id: UUID | None = None,
    replayed_statuses: Collection[str] = (states.DELIVERED, states.FAILED, states.DISCARDED),
) -> list[Delivery]:
    """For each of these events of one merchant and mode, one delivery for every endpoint that wants it, under that
    endpoint's next number, in the order given; returns those to be sent, which the caller queues last in its
    transaction (`queue_deliveries`).

    Runs in the caller's transaction. An endpoint that is paused or disabled gets its delivery too, discarded from the
    start, so that its numbers show what it missed. With `replay` an existing delivery with one of `replayed_statuses`
    is made again under its old number (to endpoints that are enabled). The counters are locked in key order, and so are
    the deliveries: two events never wait crosswise, nor does a replay with a pause.
    """
    wanting = _wanting(tenant, events, endpoint_id)
    counters = list(
        EndpointCounter.objects.filter(endpoint_id__in={key for keys in wanting.values() for key in keys})
        .select_for_update(of=("self",))
        .select_related("endpoint")
        .order_by("endpoint_id")
    )
    existing = Delivery.objects.for_merchant(tenant).filter(
        event_id__in=list(wanting), endpoint_id__in=[counter.endpoint_id for counter in counters]
    )
    known = set(existing.values_list("event_id", "endpoint_id"))
    new = [
        _next_delivery(counter, event)
        for event in events
        for counter in counters
        if counter.endpoint_id in wanting[event.id] and (event.id, counter.endpoint_id) not in known
    ]
    EndpointCounter.objects.bulk_update(counters, ["last_sequence"])
    Delivery.objects.for_merchant(tenant).bulk_create(new, batch_size=_ROWS_PER_INSERT)
    to_send = [delivery for delivery in new if delivery.status == states.PENDING]
    if replay:
        enabled = [counter.endpoint_id for counter in counters if counter.endpoint.status == states.ENABLED]
        ended = existing.filter(endpoint_id__in=enabled, status__in=set(replayed_statuses) - set(states.UNFINISHED))
        to_send += start_again(
            [
                delivery
                for delivery in ended.select_for_update(of=("self",)).order_by("id")
                if delivery.endpoint_id in wanting[delivery.event_id]
            ]
        )
    return to_send


def queue_deliveries(deliveries: Sequence[Delivery]) -> None:
    """Let a worker look at these of one merchant now: the last write of the transaction. What is in quarantine is let
    go, as somebody asked for it."""
    for work in quarantined(None).filter(kind=_KIND, subject_id__in=[delivery.id for delivery in deliveries]):
        if release(work.id):
            record(
                action="work.released",
                subject_type="work",
                subject_id=work.id,
                tenant=deliveries[0].tenant,
                data={"kind": work.kind, "subject": str(work.subject_id)},
            )
    enqueue_all([WorkItem(_KIND, delivery.id, delivery.tenant) for delivery in deliveries])


def start_again(deliveries: Iterable[Delivery]) -> list[Delivery]:
    """Begin the schedule of these anew, each under its own number; returns them without those that are under way
    already. The caller holds the rows' locks.
    """
    started = [delivery for delivery in deliveries if delivery.status not in states.UNFINISHED]
    now = timezone.now()
    for delivery in started:
        states.DELIVERY.require(delivery.status, states.PENDING)
        delivery.status, delivery.round_attempts, delivery.next_attempt_at = states.PENDING, 0, now
        delivery.version += 1
    Delivery.objects.unscoped("the caller found them").filter(id__in=[delivery.id for delivery in started]).update(
        status=states.PENDING, round_attempts=0, next_attempt_at=now, version=F("version") + 1
    )
    return started


def _wanting(tenant: Tenant, events: Sequence[Event], endpoint_id: UUID | None) -> dict[UUID, set[UUID]]:
    """The endpoints that want each event."""
    endpoints = Endpoint.objects.for_merchant(tenant).exclude(status=states.DELETED)
    if endpoint_id is not None:
        endpoints = endpoints.filter(id=endpoint_id)
    asked = {endpoint.id: endpoint.enabled_events for endpoint in endpoints}
    return {
        event.id: asked.keys() & {event.subject_id}
        if event.type == TEST_EVENT_TYPE
        else {key for key, enabled_events in asked.items() if matches(enabled_events, event.type)}
        for event in events
    }


def _next_delivery(counter: EndpointCounter, event: Event) -> Delivery:
    """The delivery under the endpoint's next number, which the counter then holds."""
    counter.last_sequence += 1
    enabled = counter.endpoint.status == states.ENABLED
    return Delivery(
        merchant_id=event.merchant_id,
        livemode=event.livemode,
        endpoint=counter.endpoint,
        event_id=event.id,
        event_type=event.type,
        sequence=counter.last_sequence,
        status=states.PENDING if enabled else states.DISCARDED,
        next_attempt_at=timezone.now() if enabled else None,
    )
