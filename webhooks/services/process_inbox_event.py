"""Treat a provider's event as what it is: a hint to look."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from gateway.core import clock
from gateway.core.errors import NotFound
from gateway.core.ids import from_public
from gateway.work.rules import Done, Result, Retry
from payments.models import Operation, Payment
from payments.selectors.operations import payment_id_of_operation
from payments.selectors.provider_references import payment_id_of_reference
from payments.services.open_anomaly import open_anomaly
from payments.services.request_sync import request_sync
from refunds.selectors.refunds import payment_id_of_refund
from webhooks import states
from webhooks.models import InboxEvent

# An object of ours is written before the provider hears of it, so what is unknown for that long was never ours.
PARKED_FOR = timedelta(hours=24)


def process_inbox_event(*, inbox_id: UUID) -> Result:
    """Find the payment behind the event and queue a look at its present state at the provider; in the caller's
    transaction.

    An object that we do not know yet parks: the event may have overtaken the commit that would name it. After a day an
    anomaly.
    """
    rows = InboxEvent.objects.unscoped("a worker carries the id of its work")
    event = rows.select_for_update(of=("self",)).select_related("provider_account").filter(id=inbox_id).first()
    if event is None or event.state == states.PROCESSED:
        return Done()
    payment_id = _payment_behind(event)
    if payment_id is not None:
        _finish(event, states.PROCESSED, payment_id)
        request_sync(payment_id=payment_id, tenant=event.tenant)
        return Done()
    if timezone.now() - event.received_at < PARKED_FOR:
        return Retry("the event is about an object that we do not know (yet)", counts=False)
    if event.state == states.RECEIVED:
        _finish(event, states.ABANDONED, None)
        open_anomaly(
            tenant=event.tenant,
            kind="unknown_provider_object",
            subject_type="inbox_event",
            subject_id=event.id,
            detail=f"The provider reports {event.type} about {event.payment_reference or 'an object'}: not ours.",
            now=clock.now(),
        )
    return Done()


def _payment_behind(event: InboxEvent) -> UUID | None:
    """By our own id, which the provider echoes, before its reference."""
    payment_id = payment_id_of_refund(event.tenant, event.operation_id)
    if payment_id is None:
        try:
            payment_id = payment_id_of_operation(from_public(Operation.ID_PREFIX, event.operation_id))
        except NotFound:
            payment_id = None
    if payment_id is None and event.payment_reference:
        payment_id = payment_id_of_reference(event.provider_account, event.payment_reference)
    if payment_id is None or not Payment.objects.for_merchant(event.tenant).filter(id=payment_id).exists():
        return None
    return payment_id


def _finish(event: InboxEvent, state: str, payment_id: UUID | None) -> None:
    states.INBOX.require(event.state, state)
    event.state = state
    event.processed_at = timezone.now()
    event.payment_id = payment_id
    event.save(update_fields=["state", "processed_at", "payment_id"])
