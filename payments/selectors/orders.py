"""Reading orders."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import QuerySet

from gateway.core.errors import NotFound
from gateway.core.tenancy import Tenant
from payments.models import Order


def get_order(tenant: Tenant, order_id: UUID) -> Order:
    """The merchant's order. Raises `NotFound`."""
    order = Order.objects.for_merchant(tenant).filter(id=order_id).first()
    if order is None:
        raise NotFound("There is no such order.")
    return order


def list_orders(tenant: Tenant) -> QuerySet[Order]:
    """The merchant's orders in this mode, unordered."""
    return Order.objects.for_merchant(tenant)


def orders_by_id(tenant: Tenant, ids: Sequence[UUID]) -> dict[UUID, Order]:
    """Those of these orders that are the merchant's."""
    return Order.objects.for_merchant(tenant).in_bulk(ids)


def order_by_id(order_id: UUID) -> Order:
    """The order of any merchant, for pages whose link is the authority. Raises `NotFound`."""
    order = Order.objects.unscoped("a signed checkout link names the order").filter(id=order_id).first()
    if order is None:
        raise NotFound("There is no such order.")
    return order


def order_for_update(order_id: UUID) -> Order:
    """The order, locked. It is the first lock of everything that happens to its payments. Raises `NotFound`."""
    rows = Order.objects.unscoped("whoever locks has read it for its merchant or acts for the provider")
    order = rows.select_for_update(of=("self",)).filter(id=order_id).first()
    if order is None:
        raise NotFound("There is no such order.")
    return order


def orders_with_a_queue() -> QuerySet[Order]:
    """Orders of all merchants whose next payment waits for the end of the live one: for sweeps."""
    return (
        Order.objects.unscoped("the sweep looks after every merchant")
        .filter(next_payment_id__isnull=False)
        .order_by("id")
    )
