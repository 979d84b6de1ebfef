"""A person asks to send a delivery (again) now."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from gateway.audit.services.record import record
from gateway.core.errors import NotFound
from gateway.core.opening import NO_CALL, OpeningCall
from gateway.core.tenancy import Tenant
from webhooks import states
from webhooks.errors import DeliveryPending, EndpointNotEnabled
from webhooks.models import Delivery
from webhooks.selectors.deliveries import LONGEST_FLIGHT, delivery_for_update, get_delivery
from webhooks.services.fan_out_events import queue_deliveries, start_again


def retry_delivery(*, tenant: Tenant, delivery_id: UUID, call: OpeningCall = NO_CALL) -> Delivery:
    """Send it now, under its old number and `webhook-id`; a waiting one is pulled forward, a finished one starts its
    schedule anew.

    Raises EndpointNotEnabled, or DeliveryPending while an exchange is under way.
    """
    with transaction.atomic():
        call.begin()
        get_delivery(tenant, delivery_id)
        delivery = delivery_for_update(delivery_id)
        if delivery is None:
            raise NotFound
        if delivery.endpoint.status != states.ENABLED:
            raise EndpointNotEnabled
        now = timezone.now()
        if not start_again([delivery]):
            if delivery.status == states.DELIVERING and (delivery.in_flight_since or now) > now - LONGEST_FLIGHT:
                raise DeliveryPending
            delivery.next_attempt_at = now
            delivery.version += 1
            delivery.save(update_fields=["next_attempt_at", "version"])
        record(
            action="delivery.retried",
            subject_type="delivery",
            subject_id=delivery.id,
            tenant=tenant,
            data={"attempts": delivery.attempts},
        )
        call.remember(delivery)
        queue_deliveries([delivery])
    return delivery
