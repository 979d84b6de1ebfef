"""Refunds as a provider shows them on a payment: ours, and those made without us."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from gateway.core.errors import NotFound
from gateway.core.ids import from_public
from gateway.work.services.enqueue import enqueue
from payments.models import Payment
from payments.providers.base import Outcome, PaymentFact, RefundFact
from payments.selectors.anomalies import suspended_so_far
from payments.selectors.orders import order_for_update
from payments.selectors.payments import payment_by_id, payment_for_update
from payments.services.post_suspense import post_suspense
from payments.services.release_suspense import release_suspense
from refunds import states
from refunds.models import Refund
from refunds.selectors.refunds import refund_by_id, refund_by_reference
from refunds.services.announce_refund import announce_refund
from refunds.services.open_refund import open_refund
from refunds.services.settle_refund import settle_refund

_BEYOND = "external_refund_beyond_captured"
_FAILED = frozenset({Outcome.FAILED, Outcome.DECLINED})


def observe_refunds(*, payment_id: UUID, fact: PaymentFact, now: datetime) -> None:
    """Settle every refund that the provider's payment shows, each matched by our id, which the provider echoes, before
    its reference.

    One that is neither is recorded as `external`; what exceeds the captured money goes to suspense with an anomaly, and
    leaves it when the provider has it back.
    """
    payment = payment_by_id(payment_id)
    for seen in fact.refunds:
        refund = _ours(payment, seen) or refund_by_reference(payment.provider_account_id, seen.reference)
        if refund is not None:
            settle_refund(refund_id=refund.id, fact=seen, now=now)
        else:
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
        if refund is None and not _fits(payment, seen):
            _suspend(payment, seen, now)
            return
        if refund is None:
            refund = open_refund(
                payment=payment,
                amount=seen.amount,
                reason=_reason(seen),
                metadata={},
                now=now,
                external_reference=seen.reference,
            )
            announce_refund(refund=refund, payment=payment, verb="created", now=now)
        settled = settle_refund(refund_id=refund.id, fact=seen, now=now)
        if settled is not None and settled.status in states.UNFINISHED:
            enqueue(kind=states.CARRY_OUT, subject_id=refund.id, tenant=refund.tenant)


def _fits(payment: Payment, seen: RefundFact) -> bool:
    """Whether our books have room for it. What has once been in suspense stays a matter of suspense; what was too much
    before it moved does not.
    """
    moves = seen.outcome not in _FAILED or seen.was_sent
    suspended = suspended_so_far(payment.tenant, provider_object=seen.reference, kind=_BEYOND)
    return moves and not suspended and seen.amount <= payment.amount_refundable


def _suspend(payment: Payment, seen: RefundFact, now: datetime) -> None:
    """Money that has gone beyond what was captured, and that has come back from there: both movements, although the
    first had not reached us, as the provider's books show them. Nothing for what has not moved.
    """
    if seen.outcome is Outcome.SUCCEEDED or seen.was_sent:
        post_suspense(
            payment=payment,
            provider_object=seen.reference,
            kind=_BEYOND,
            cumulative=seen.amount,
            direction="out",
            detail=f"The provider refunded {seen.amount}, more than what is left of this payment.",
            now=now,
        )
    if seen.outcome in _FAILED:
        release_suspense(
            payment=payment,
            provider_object=seen.reference,
            kind=_BEYOND,
            detail=f"The refund of {seen.amount} failed at the provider, and the money came back.",
            now=now,
        )


def _reason(seen: RefundFact) -> str:
    """The reason that was given at the provider, where it is one of ours."""
    if seen.reason in states.REASONS:
        return seen.reason
    return "other" if seen.reason else ""
