"""The provider gave an authorisation back, or called a challenge off."""

from __future__ import annotations

from django.utils import timezone

from payments.models import Operation
from payments.providers.base import Observation, Outcome
from payments.rules.calling_off import REFUSALS_UNTIL_ANOMALY, wait_before_void
from payments.rules.declines import shown_failure
from payments.selectors.operations import authorize_operation_for_update, refused_voids
from payments.services.apply_capture import release_authorization
from payments.services.change import CALL_OFF, EXPIRE_CHALLENGE, SYNC, PaymentChange
from payments.services.open_anomaly import open_anomaly
from payments.services.open_operation import open_operation
from payments.services.resolve_operation import resolve_operation
from payments.states import LIVE, LOST, OPEN, OperationKind, OperationStatus, PaymentStatus, VoidPurpose


def settle_void(change: PaymentChange, operation: Operation, observation: Observation) -> None:
    """What became of a void operation."""
    if observation.outcome == Outcome.SUCCEEDED:
        if operation.status != OperationStatus.SUCCEEDED:
            late = operation.status not in OPEN
            resolve_operation(
                change, operation=operation, status=OperationStatus.SUCCEEDED, observation=observation, late=late
            )
            give_back(change, purpose=operation.purpose, by=str(operation.id))
    elif observation.outcome in (Outcome.DECLINED, Outcome.FAILED) and operation.status in OPEN:
        resolve_operation(change, operation=operation, status=OperationStatus.FAILED, observation=observation)
        if observation.payment is None:
            change.later(SYNC, change.payment.id)  # why it was refused is in the provider's present state
        if operation.purpose == VoidPurpose.REQUESTED and change.payment.status not in LOST:
            change.event("payment.cancel_failed", change.payment)
        _try_again(change, operation)


def _try_again(change: PaymentChange, refused: Operation) -> None:
    """What nobody asked for is asked for again, at longer and longer intervals, until the provider has done it."""
    payment = change.payment
    purpose = change.void_that_is_due()
    if purpose is not None and refused.only_if_waiting and payment.status == PaymentStatus.REQUIRES_CAPTURE:
        # It could only call off a challenge; the money that came late has still to go back.
        amount = payment.amount_authorized
        open_operation(change, payment=payment, kind=OperationKind.VOID, amount=amount, purpose=purpose)
        return
    refusals = refused_voids(payment)
    again_at = timezone.now() + wait_before_void(refusals)
    if purpose is not None:
        change.later(CALL_OFF, payment.id, again_at)
    if payment.status == PaymentStatus.REQUIRES_ACTION and payment.expires_at is not None:
        change.later(EXPIRE_CHALLENGE, payment.id, again_at)
    if refusals >= REFUSALS_UNTIL_ANOMALY and payment.status in LIVE:
        open_anomaly(
            tenant=payment.tenant,
            kind="void_refused",
            subject_type="payment",
            subject_id=payment.id,
            detail=f"The provider has refused {refusals} times to void this payment, last with {refused.code}.",
            now=change.now,
        )


def give_back(change: PaymentChange, *, purpose: str, by: str) -> None:
    """End the payment without (more) money. What was captured before stays captured."""
    payment = change.payment
    match payment.status:
        case PaymentStatus.REQUIRES_CAPTURE:
            release_authorization(change, amount=payment.amount_authorized - payment.amount_captured, by=by)
            if payment.amount_captured:
                change.move(payment, PaymentStatus.SUCCEEDED)
                change.event("payment.succeeded", payment)
                return
        case PaymentStatus.REQUIRES_ACTION | PaymentStatus.PROCESSING | PaymentStatus.REQUIRES_REVIEW:
            _end_challenge(change, purpose)
        case _:
            if payment.status not in LOST:
                open_anomaly(
                    tenant=payment.tenant,
                    kind="voided_after_success",
                    subject_type="payment",
                    subject_id=payment.id,
                    detail=f"The provider voided a payment that is {payment.status}.",
                    now=change.now,
                )
            return
    expired = purpose == VoidPurpose.EXPIRY
    change.move(payment, PaymentStatus.EXPIRED if expired else PaymentStatus.CANCELED)
    payment.next_action = payment.expires_at = None
    payment.canceled_at = change.now
    payment.failure = shown_failure(code="challenge_expired" if expired else "canceled")
    change.event("payment.expired" if expired else "payment.canceled", payment)


def _end_challenge(change: PaymentChange, purpose: str) -> None:
    operation = authorize_operation_for_update(change.payment)
    if operation is not None and operation.status in (*OPEN, OperationStatus.REQUIRES_ACTION):
        code = "challenge_expired" if purpose == VoidPurpose.EXPIRY else "canceled"
        ended = Observation(outcome=Outcome.FAILED, provider_reference="", code=code)
        resolve_operation(change, operation=operation, status=OperationStatus.FAILED, observation=ended)
