"""A merchant wants to be paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from gateway.core.clock import to_real
from gateway.core.errors import Invalid
from gateway.core.opening import NO_CALL, OpeningCall
from gateway.core.personal import new_data_key
from gateway.core.tenancy import Tenant
from payments.models import Customer, Order
from payments.selectors.customers import hold_customer
from payments.services.change import EXPIRE_ORDER, Change


def create_order(
    *,
    tenant: Tenant,
    amount: int,
    currency: str,
    reference: str = "",
    description: str = "",
    line_items: Sequence[Mapping[str, Any]] = (),
    customer_id: UUID | None = None,
    expires_at: datetime | None = None,
    return_url: str = "",
    cancel_url: str = "",
    metadata: Mapping[str, str] | None = None,
    now: datetime,
    call: OpeningCall = NO_CALL,
) -> Order:
    """Create an order of `amount` minor units. Without `expires_at` it waits until it is paid or canceled."""
    if expires_at is not None and expires_at <= now:
        raise Invalid.field("expires_at", "in_the_past", "The expiry must be in the future.")
    with transaction.atomic():
        call.begin()
        change = Change(tenant=tenant, now=now)
        customer = hold_customer(tenant, customer_id) if customer_id else None
        order = new_order(tenant=tenant, amount=amount, currency=currency, customer=customer, now=now)
        order.reference, order.description = reference, description
        order.line_items = [dict(item) for item in line_items]
        order.return_url, order.cancel_url = return_url, cancel_url
        order.expires_at, order.metadata = expires_at, dict(metadata or {})
        change.track(order, new=True)
        change.event("order.created", order)
        if expires_at is not None:
            change.later(EXPIRE_ORDER, order.id, to_real(expires_at))
        change.close("order.create", order, {"amount": amount, "currency": currency})
        call.remember(order)
    return order


def new_order(*, tenant: Tenant, amount: int, currency: str, customer: Customer | None, now: datetime) -> Order:
    """An order that is not written yet, with the data key of its customer or one of its own."""
    order = Order(
        merchant_id=tenant.merchant_id,
        livemode=tenant.livemode,
        amount=amount,
        currency=currency,
        customer=customer,
        created_at=now,
    )
    order.data_key_id = customer.data_key_id if customer else new_data_key(owner_id=order.id)
    return order
