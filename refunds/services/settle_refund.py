"""What the provider says about a refund becomes our truth: the only way in."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from gateway.core.crashpoints import reach
from gateway.work.services.cancel import cancel
from payments.models import Payment
from payments.providers.base import Observation, Outcome, RefundFact
from payments.selectors.orders import order_for_update
from payments.selectors.payments import payment_for_update
from payments.services.adjust_refunds import release_refund, settle_refund_amount, unsettle_refund
from payments.services.open_anomaly import open_anomaly
from payments.services.post_suspense import post_suspense
from payments.services.release_suspense import release_suspense
from refunds import states
from refunds.models import Refund
from refunds.rules.resolution import next_look
from refunds.selectors.refunds import refund_by_id, refund_for_update
from refunds.services.announce_refund import announce_refund
from refunds.services.audit_refund import audit_refund
from refunds.services.post_refund import post_refund
from refunds.services.return_fee import return_fee, take_fee_again

_DIFFERENCE, _CONTRADICTION = "refund_amount_differs", "refund_contradiction"
_NOT_RETURNED = "late_success_not_returned"
_FAILED = frozenset({Outcome.FAILED, Outcome.DECLINED})


def settle_refund(*, refund_id: UUID, fact: RefundFact | Observation, now: datetime) -> Refund | None:
    """Accept the provider's word about a refund, whoever brings it; returns the refund, None when there is no such one.

    Idempotent and monotonic: the same word twice changes nothing, an older word after a newer one changes nothing, and
    money that moves after an end we were sure of goes to suspense with an anomaly, and overwrites nothing.
    """
    known = refund_by_id(refund_id)
    if known is None:
        return None
    with transaction.atomic():
        order_for_update(known.order_id)
        payment = payment_for_update(known.payment_id)
        refund = refund_for_update(refund_id)
        if refund is None:
            return None
        if fact.outcome is Outcome.SUCCEEDED:
            _succeed(refund, payment, fact, now)
        elif fact.outcome in _FAILED:
            _fail(refund, payment, fact, now)
        else:
            _acknowledge(refund, fact)
        reach("refund_before_settle_commit")
        if refund.status not in states.UNFINISHED:
            cancel(kind=states.CARRY_OUT, subject_id=refund.id)  # nothing is left to send, or to look for
    return refund


def _succeed(refund: Refund, payment: Payment, fact: RefundFact | Observation, now: datetime) -> None:
    if refund.status == states.SUCCEEDED:
        return
    if refund.status in (states.FAILED, states.CANCELED):
        # Failed after success: this is the older word arriving late. Otherwise it contradicts an earlier no.
        if refund.succeeded_at is None:
            _post_contradiction(refund, payment, fact, now)
        return
    previous = _advance(refund, states.SUCCEEDED)
    refund.succeeded_at = timezone.now()
    refund.look_again_at = next_look(succeeded_at=refund.succeeded_at, now=refund.succeeded_at)
    _note_reference(refund, fact)
    return_fee(refund=refund, payment=payment, now=now)
    refund.save()
    settle_refund_amount(payment, refund.amount)
    post_refund(refund=refund, payment=payment, event="succeeded", now=now)
    announce_refund(refund=refund, payment=payment, verb="succeeded", previous=previous, now=now)
    if fact.amount not in (0, refund.amount):
        _post_difference(refund, payment, fact, now)


def _post_difference(refund: Refund, payment: Payment, fact: RefundFact | Observation, now: datetime) -> None:
    """Another amount than asked has moved: our books hold what was asked, suspense holds the rest."""
    more = fact.amount - refund.amount
    post_suspense(
        payment=payment,
        provider_object=_suspended_as(refund),
        kind=_DIFFERENCE,
        cumulative=abs(more),
        direction="out" if more > 0 else "in",
        detail=f"The provider refunded {fact.amount} where {refund.public_id} asked for {refund.amount}.",
        now=now,
    )


def _fail(refund: Refund, payment: Payment, fact: RefundFact | Observation, now: datetime) -> None:
    if refund.status in (states.FAILED, states.CANCELED):
        if fact.was_sent and refund.succeeded_at is None:
            # That contradiction may not have reached us. The books show both movements, as the provider's do.
            _post_contradiction(refund, payment, fact, now)
        _release(refund, payment, _CONTRADICTION, now)
        return
    if fact.was_sent:
        # Its success may not have reached us either.
        _succeed(refund, payment, fact, now)
    was_successful = refund.status == states.SUCCEEDED
    previous = _advance(refund, states.FAILED)
    refund.failure = _failure_of(fact)
    refund.look_again_at = None
    _note_reference(refund, fact)
    take_fee_again(refund=refund, payment=payment, now=now)
    refund.save()
    if was_successful:
        unsettle_refund(payment, refund.amount)
        post_refund(refund=refund, payment=payment, event="success_reversed", now=now)
        _release(refund, payment, _DIFFERENCE, now)
    else:
        release_refund(payment, refund.amount)
    post_refund(refund=refund, payment=payment, event="failed", now=now)
    announce_refund(refund=refund, payment=payment, verb="failed", previous=previous, now=now)
    if not payment.counts_toward_order:
        _ask_about_unwanted(refund, payment, now)


def _ask_about_unwanted(refund: Refund, payment: Payment, now: datetime) -> None:
    """Money that should have gone back by itself has not, and nobody is waiting for it: a person returns it."""
    left = payment.amount_captured - payment.amount_refunded
    open_anomaly(
        tenant=payment.tenant,
        kind=_NOT_RETURNED,
        subject_type="payment",
        subject_id=payment.id,
        detail=f"{refund.public_id} failed, and {left} of {payment.public_id}, a late success that its order did not "
        f"need ({payment.late_reason}), has not gone back to the customer.",
        now=now,
    )


def _acknowledge(refund: Refund, fact: RefundFact | Observation) -> None:
    if refund.status not in (states.PENDING, states.PROCESSING):
        return
    if refund.status == states.PENDING:
        _advance(refund, states.PROCESSING)
        audit_refund(refund=refund, verb="processing")
    refund.unknown_since = None
    _note_reference(refund, fact)
    refund.save()


def _advance(refund: Refund, status: str) -> dict[str, Any]:
    previous = {"status": refund.status}
    if refund.status == states.PENDING and status != states.PROCESSING:
        # The provider's word may overtake the worker's note that it asked.
        states.REFUND.require(refund.status, states.PROCESSING)
        refund.status = states.PROCESSING
    states.REFUND.require(refund.status, status)
    refund.status = status
    refund.unknown_since = None
    refund.version += 1
    return previous


def _note_reference(refund: Refund, fact: RefundFact | Observation) -> None:
    reference = fact.reference if isinstance(fact, RefundFact) else fact.operation_reference
    refund.provider_reference = refund.provider_reference or reference


def _failure_of(fact: RefundFact | Observation) -> dict[str, str]:
    if fact.was_sent:
        code = fact.failure_code if isinstance(fact, RefundFact) else fact.code
        return {"code": code or "refund_returned", "message": "The customer's bank returned the money."}
    if isinstance(fact, RefundFact):
        return {"code": fact.failure_code or "refund_failed", "message": "The bank could not send the money back."}
    if fact.voided_by_key:
        message = "This refund could not be sent to the bank in time. Nothing was sent back; it can be made again."
        return {"code": "not_sent_in_time", "message": message}
    message = fact.message or "The bank refused this refund."
    return {"code": fact.code or "refund_failed", "message": message}


def _post_contradiction(refund: Refund, payment: Payment, fact: RefundFact | Observation, now: datetime) -> None:
    """The money is out, whatever was said before; a person finds out why."""
    amount = fact.amount or refund.amount
    post_suspense(
        payment=payment,
        provider_object=_suspended_as(refund),
        kind=_CONTRADICTION,
        cumulative=amount,
        direction="out",
        detail=f"The provider says that it sent {amount}, and had said before that {refund.public_id} {refund.status}.",
        now=now,
    )


def _release(refund: Refund, payment: Payment, kind: str, now: datetime) -> None:
    release_suspense(
        payment=payment,
        provider_object=_suspended_as(refund),
        kind=kind,
        detail=f"The provider returned {refund.public_id}.",
        now=now,
    )


def _suspended_as(refund: Refund) -> str:
    return refund.provider_reference or refund.public_id
