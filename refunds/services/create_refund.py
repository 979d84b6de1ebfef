"""Send captured money back: phase one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from gateway.core.errors import Invalid
from gateway.core.opening import NO_CALL, OpeningCall
from gateway.core.tenancy import Tenant
from gateway.work.services.enqueue import enqueue
from payments.errors import AmountTooLarge
from payments.models import Payment
from payments.selectors.orders import order_for_update
from payments.selectors.payments import get_payment, payment_for_update
from refunds import states
from refunds.errors import NothingCaptured, PaymentDisputed
from refunds.models import Refund
from refunds.services.announce_refund import announce_refund
from refunds.services.open_refund import open_refund

_TOO_LARGE = "This is more than what can still be refunded of this payment."


def create_refund(
    *,
    tenant: Tenant,
    payment_id: UUID,
    amount: int | None = None,
    reason: str = "",
    metadata: Mapping[str, Any] | None = None,
    now: datetime,
    call: OpeningCall = NO_CALL,
) -> Refund:
    """Open a refund of `amount` minor units, of everything that is left when None; the worker sends it.

    The amount is reserved under the payment's lock, so that refunds at the same time never exceed what was captured.
    Raises NotFound, NothingCaptured, PaymentDisputed, or AmountTooLarge with what is left.
    """
    if reason and reason not in states.REASONS:
        raise Invalid.field("reason", "unknown_reason", f"The reason is one of {', '.join(states.REASONS)}.")
    with transaction.atomic():
        call.begin()
        order_for_update(get_payment(tenant, payment_id).order_id)
        payment = payment_for_update(payment_id)
        refund = open_refund(
            payment=payment, amount=_allowed(payment, amount), reason=reason, metadata=metadata or {}, now=now
        )
        announce_refund(refund=refund, payment=payment, verb="created", now=now)
        call.remember(refund)
        enqueue(kind=states.CARRY_OUT, subject_id=refund.id, tenant=tenant)
    return refund


def _allowed(payment: Payment, amount: int | None) -> int:
    if payment.amount_captured == 0:
        raise NothingCaptured(status=payment.status)
    if payment.amount_disputed:
        raise PaymentDisputed
    refundable = payment.amount_refundable
    if refundable <= 0 or (amount is not None and amount > refundable):
        raise AmountTooLarge(_TOO_LARGE, amount_refundable=max(refundable, 0), currency=payment.currency)
    return refundable if amount is None else amount
