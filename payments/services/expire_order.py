"""Close an order whose time is over."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from payments.selectors.orders import order_for_update
from payments.services.change import Change
from payments.states import ORDER, PAYABLE, OrderStatus


def expire_order(*, order_id: UUID, now: datetime) -> datetime | None:
    """Expire it if it is due. Returns when to come back, if it is too early.

    Runs in the caller's transaction. While a payment is live nothing happens: whoever ends that payment asks again.
    """
    order = order_for_update(order_id)
    if order.expires_at is None or order.status not in PAYABLE:
        return None
    if now < order.expires_at:
        return order.expires_at
    if order.live_payment_id is not None:
        return None
    change = Change(tenant=order.tenant, now=now)
    change.track(order)
    ORDER.require(order.status, OrderStatus.EXPIRED)
    order.status, order.closed_at = OrderStatus.EXPIRED, now
    change.event("order.expired", order)
    change.close("order.expire", order)
    return None
