"""Reads of deliveries and their attempts."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from gateway.core.errors import NotFound
from gateway.core.partitions import prune_floor
from gateway.core.tenancy import Tenant
from webhooks import states
from webhooks.models import Delivery, DeliveryAttempt
from webhooks.rules.schedule import SLOW_AFTER_MS

# No exchange lasts longer than 15 s; what is in flight for longer lost its worker.
LONGEST_FLIGHT = timedelta(seconds=30)


def deliveries_of(tenant: Tenant) -> QuerySet[Delivery]:
    """The merchant's deliveries, newest first."""
    return Delivery.objects.for_merchant(tenant).select_related("endpoint").order_by("-id")


def get_delivery(tenant: Tenant, delivery_id: UUID) -> Delivery:
    """One delivery of this merchant; NotFound otherwise."""
    delivery = deliveries_of(tenant).filter(id=delivery_id).first()
    if delivery is None:
        raise NotFound
    return delivery


def delivery_for_update(delivery_id: UUID) -> Delivery | None:
    """The delivery's row, locked, with its endpoint beside it."""
    rows = Delivery.objects.unscoped("a worker carries the id of its work")
    return rows.select_for_update(of=("self",)).select_related("endpoint").filter(id=delivery_id).first()


def attempts_of(delivery: Delivery) -> list[DeliveryAttempt]:
    """Every attempt of a delivery, in the order they were made."""
    rows = DeliveryAttempt.objects.for_merchant(delivery.tenant)
    return list(rows.filter(delivery=delivery, id__gte=prune_floor(delivery.id)).order_by("id"))


def in_flight(endpoint_id: UUID, *, at: datetime) -> int:
    """How many exchanges with this endpoint are under way."""
    rows = Delivery.objects.unscoped("the limit is per endpoint, which has one merchant")
    return rows.filter(
        endpoint_id=endpoint_id, status=states.DELIVERING, in_flight_since__gt=at - LONGEST_FLIGHT
    ).count()


def due_count(endpoint_id: UUID, *, at: datetime, limit: int = 1000) -> int:
    """How many deliveries wait their turn at this endpoint, counted up to `limit`."""
    rows = Delivery.objects.unscoped("the limit is per endpoint, which has one merchant")
    return rows.filter(endpoint_id=endpoint_id, status=states.PENDING, next_attempt_at__lte=at)[:limit].count()


def endpoint_holds_up(delivery_id: UUID) -> bool:
    """Whether the last attempt at this delivery's endpoint failed or took long."""
    rows = Delivery.objects.unscoped("a worker carries the id of its work")
    held_up = Q(endpoint__health__consecutive_failures__gt=0) | Q(endpoint__health__last_elapsed_ms__gt=SLOW_AFTER_MS)
    return rows.filter(held_up, id=delivery_id).exists()
