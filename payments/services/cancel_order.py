"""The merchant no longer wants to be paid."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from gateway.core.opening import NO_CALL, OpeningCall
from gateway.core.tenancy import Tenant
from payments.errors import AnotherPaymentInProgress
from payments.models import Order
from payments.selectors.orders import get_order, order_for_update
from payments.services.change import Change
from payments.states import ORDER, OrderStatus


def cancel_order(*, tenant: Tenant, order_id: UUID, now: datetime, call: OpeningCall = NO_CALL) -> Order:
    """Cancel it. Refused while one of its payments may still bring money, and when it is closed already."""
    with transaction.atomic():
        call.begin()
        get_order(tenant, order_id)
        order = order_for_update(order_id)
        ORDER.require(order.status, OrderStatus.CANCELED)
        if order.live_payment_id is not None:
            raise AnotherPaymentInProgress("A payment of this order is under way. Cancel that payment first.")
        change = Change(tenant=tenant, now=now)
        change.track(order)
        order.status, order.closed_at = OrderStatus.CANCELED, now
        change.event("order.canceled", order)
        change.close("order.cancel", order)
        call.remember(order)
    return order
