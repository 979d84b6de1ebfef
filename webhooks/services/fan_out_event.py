"""Make the deliveries of one event."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from gateway.core.tenancy import Tenant
from gateway.events.models import Event
from gateway.work.rules import WorkItem
from gateway.work.services.enqueue import enqueue_all
from webhooks import states
from webhooks.models import Delivery, Endpoint, EndpointCounter
from webhooks.rules.matching import TEST_EVENT_TYPE, matches


def fan_out_event(
    *,
    event: Event,
    replay: bool = False,
    endpoint_id: UUID | None = None,
    replayed_statuses: Collection[str] = (states.DELIVERED, states.FAILED, states.DISCARDED),
) -> list[Delivery]:
    """One delivery for every endpoint that wants this event, each under that endpoint's next number; returns those to
    be sent, which the caller queues last in its transaction (`queue_deliveries`).

    Runs in the caller's transaction. An endpoint that is paused or disabled gets its delivery too, discarded from the
    start, so that its numbers show what it missed. With `replay` an existing delivery with one of `replayed_statuses`
    is made again under its old number (to endpoints that are enabled). The counters are locked in key order: two
    events never wait crosswise.
    """
    counters = list(
        EndpointCounter.objects.filter(endpoint_id__in=_wanting(event, endpoint_id))
        .select_for_update(of=("self",))
        .select_related("endpoint")
        .order_by("endpoint_id")
    )
    known = {
        delivery.endpoint_id: delivery
        for delivery in Delivery.objects.for_merchant(event.tenant)
        .filter(event_id=event.id, endpoint_id__in=[counter.endpoint_id for counter in counters])
        .select_for_update(of=("self",))
        .order_by("id")
    }
    new = [_next_delivery(counter, event) for counter in counters if counter.endpoint_id not in known]
    EndpointCounter.objects.filter(endpoint_id__in=[delivery.endpoint_id for delivery in new]).update(
        last_sequence=F("last_sequence") + 1
    )
    Delivery.objects.for_merchant(event.tenant).bulk_create(new)
    to_send = [delivery for delivery in new if delivery.status == states.PENDING]
    if replay:
        enabled = {counter.endpoint_id for counter in counters if counter.endpoint.status == states.ENABLED}
        to_send += [
            delivery
            for key, delivery in known.items()
            if key in enabled and delivery.status in replayed_statuses and start_again(delivery)
        ]
    return to_send


def queue_deliveries(deliveries: Iterable[Delivery]) -> None:
    """Queue them to be sent: the last write of the transaction."""
    enqueue_all([WorkItem("webhooks.deliver", delivery.id, delivery.tenant) for delivery in deliveries])


def lock_counters(tenant: Tenant) -> None:
    """Lock the counters of all endpoints at once: before several events are fanned out in one transaction, so that the
    key order holds over all of them."""
    rows = EndpointCounter.objects.filter(endpoint__merchant_id=tenant.merchant_id, endpoint__livemode=tenant.livemode)
    list(rows.select_for_update(of=("self",)).order_by("endpoint_id"))


def start_again(delivery: Delivery) -> bool:
    """Begin the schedule anew under the same number; False when it is under way already. The caller holds the row's
    lock.
    """
    if delivery.status in states.UNFINISHED:
        return False
    states.DELIVERY.require(delivery.status, states.PENDING)
    delivery.status = states.PENDING
    delivery.round_attempts = 0
    delivery.next_attempt_at = timezone.now()
    delivery.version += 1
    delivery.save(update_fields=["status", "round_attempts", "next_attempt_at", "version"])
    return True


def _wanting(event: Event, endpoint_id: UUID | None) -> list[UUID]:
    endpoints = Endpoint.objects.for_merchant(event.tenant).exclude(status=states.DELETED)
    if endpoint_id is not None:
        endpoints = endpoints.filter(id=endpoint_id)
    if event.type == TEST_EVENT_TYPE:
        return [endpoint.id for endpoint in endpoints.filter(id=event.subject_id)]
    return [endpoint.id for endpoint in endpoints if matches(endpoint.enabled_events, event.type)]


def _next_delivery(counter: EndpointCounter, event: Event) -> Delivery:
    enabled = counter.endpoint.status == states.ENABLED
    return Delivery(
        merchant_id=event.merchant_id,
        livemode=event.livemode,
        endpoint=counter.endpoint,
        event_id=event.id,
        event_type=event.type,
        sequence=counter.last_sequence + 1,
        status=states.PENDING if enabled else states.DISCARDED,
        next_attempt_at=timezone.now() if enabled else None,
    )
