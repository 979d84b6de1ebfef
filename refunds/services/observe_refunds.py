"""Refunds as a provider shows them on a payment: ours, and those made without us."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from gateway.core.errors import NotFound
from gateway.core.ids import from_public
from payments.models import Payment
from payments.providers.base import Outcome, PaymentFact, RefundFact
from payments.selectors.orders import order_for_update
from payments.selectors.payments import payment_by_id, payment_for_update
from payments.services.post_suspense import post_suspense
from refunds.models import Refund
from refunds.selectors.refunds import refund_by_id, refund_by_reference
from refunds.services.announce_refund import announce_refund
from refunds.services.open_refund import open_refund
from refunds.services.settle_refund import settle_refund


def observe_refunds(*, payment_id: UUID, fact: PaymentFact, now: datetime) -> None:
    """Settle every refund that the provider's payment shows, each matched by our id, which the provider echoes, before
    its reference.

    One that is neither is recorded as `external`; what exceeds the captured money goes to suspense with an anomaly.
    """
    payment = payment_by_id(payment_id)
    for seen in fact.refunds:
        refund = _ours(payment, seen) or refund_by_reference(payment.provider_account_id, seen.reference)
        if refund is not None:
            settle_refund(refund_id=refund.id, fact=seen, now=now)
        elif seen.outcome is not Outcome.FAILED and seen.outcome is not Outcome.DECLINED:
            _record_external(payment, seen, now)


def _ours(payment: Payment, seen: RefundFact) -> Refund | None:
    try:
        refund = refund_by_id(from_public(Refund.ID_PREFIX, seen.our_id))
    except NotFound:
        return None
    return refund if refund is not None and refund.payment_id == payment.id else None


def _record_external(known: Payment, seen: RefundFact, now: datetime) -> None:
    with transaction.atomic():
        order_for_update(known.order_id)
        payment = payment_for_update(known.id)
        refund = refund_by_reference(payment.provider_account_id, seen.reference)
        if refund is None and seen.amount > payment.amount_refundable:
            post_suspense(
                payment=payment,
                provider_object=seen.reference,
                kind="external_refund_beyond_captured",
                cumulative=seen.amount,
                direction="out",
                detail=f"The provider refunded {seen.amount}, more than what is left of this payment.",
                now=now,
            )
            return
        if refund is None:
            refund = open_refund(
                payment=payment, amount=seen.amount, reason="", metadata={}, now=now, external_reference=seen.reference
            )
            announce_refund(refund=refund, payment=payment, verb="created", now=now)
        settle_refund(refund_id=refund.id, fact=seen, now=now)
