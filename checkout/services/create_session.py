"""Open a session on the hosted page of an order."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from checkout.errors import SessionNotOpen
from checkout.models import CheckoutSession
from gateway.audit.services.record import record
from gateway.core import clock
from gateway.core.opening import NO_CALL, OpeningCall
from gateway.core.tenancy import Tenant
from gateway.work.services.enqueue import enqueue
from payments.selectors.orders import get_order
from payments.states import PAYABLE

LASTS = timedelta(hours=1)


def create_session(
    *,
    tenant: Tenant,
    order_id: UUID,
    now: datetime,
    success_url: str = "",
    cancel_url: str = "",
    locale: str = "",
    metadata: dict[str, Any] | None = None,
    call: OpeningCall = NO_CALL,
) -> CheckoutSession:
    """A fresh session for an order that still takes money; it lasts an hour, and never longer than the order.

    Raises `NotFound` for an order that is not this merchant's, `SessionNotOpen` for one that takes no money any more.
    """
    with transaction.atomic():
        call.begin()
        order = get_order(tenant, order_id)
        if order.status not in PAYABLE or (order.expires_at is not None and order.expires_at <= now):
            raise SessionNotOpen("This order takes no payment any more.", order_status=order.status)
        ends = (now + LASTS, order.expires_at) if order.expires_at else (now + LASTS,)
        session = CheckoutSession(
            merchant_id=tenant.merchant_id,
            livemode=tenant.livemode,
            order=order,
            success_url=success_url or order.return_url,
            cancel_url=cancel_url or order.cancel_url,
            locale=locale,
            metadata=metadata or {},
            created_at=now,
            expires_at=min(ends),
        )
        session.save(force_insert=True)
        record(
            action="checkout_session.created",
            subject_type="checkout_session",
            subject_id=session.id,
            tenant=tenant,
            data={"order": order.public_id},
        )
        call.remember(session)
        enqueue(
            kind="checkout.expire_session",
            subject_id=session.id,
            tenant=tenant,
            run_at=clock.to_real(session.expires_at),
        )
    return session
