"""The provider's word about the customer's money: granted, refused, waiting for the customer, or granted too late."""

from __future__ import annotations

from gateway.core.clock import to_real
from gateway.ledger.rules import credit, debit
from gateway.ledger.services.post import post
from payments.models import Operation
from payments.providers.base import Observation, Outcome
from payments.rules import ledger_accounts as accounts
from payments.rules.declines import shown_failure
from payments.rules.resending import CHALLENGE_WINDOW
from payments.selectors.operations import open_operation as present_operation
from payments.services.apply_capture import take_money
from payments.services.change import EXPIRE_CHALLENGE, REFUND_LATE_SUCCESS, SYNC, PaymentChange
from payments.services.link_reference import link_reference
from payments.services.open_anomaly import open_anomaly
from payments.services.open_operation import open_operation
from payments.services.resolve_operation import resolve_operation
from payments.states import (
    LATE_SUCCESS,
    LOST,
    OPEN,
    PAYABLE,
    CaptureMethod,
    OperationKind,
    OperationStatus,
    OrderStatus,
    PaymentStatus,
    VoidPurpose,
)


def settle_authorization(
    change: PaymentChange, operation: Operation, observation: Observation, *, is_present: bool
) -> None:
    """What became of an authorize operation. Staying where we are is a no-op; late news never overwrite.

    `is_present`: the provider was just asked for its present state; an answer may be older than what we know.
    """
    undecided = operation.status in OPEN or operation.status == OperationStatus.REQUIRES_ACTION
    _remember_reference(change, operation, observation)
    match observation.outcome:
        case Outcome.REQUIRES_ACTION if operation.status in OPEN:
            _ask_customer(change, operation, observation)
        case Outcome.SUCCEEDED if undecided:
            resolve_operation(change, operation=operation, status=OperationStatus.SUCCEEDED, observation=observation)
            _grant(change, operation, observation)
        case Outcome.SUCCEEDED if operation.status != OperationStatus.SUCCEEDED:
            _settle_late_success(change, operation, observation)
        case Outcome.DECLINED | Outcome.FAILED if undecided:
            _refuse(change, operation, observation)
        case Outcome.DECLINED | Outcome.FAILED if operation.status == OperationStatus.SUCCEEDED and not is_present:
            change.later(SYNC, change.payment.id)
        case Outcome.DECLINED | Outcome.FAILED if operation.status == OperationStatus.SUCCEEDED:
            open_anomaly(
                tenant=change.tenant,
                kind="declined_after_success",
                subject_type="payment",
                subject_id=change.payment.id,
                detail=f"The provider now says that {operation.public_id} was refused ({observation.code}).",
                now=change.now,
            )


def _remember_reference(change: PaymentChange, operation: Operation, observation: Observation) -> None:
    payment, reference = change.payment, observation.provider_reference
    if reference and not payment.provider_reference:
        payment.provider_reference = reference
        account = operation.provider_account
        link_reference(account=account, reference=reference, object_type="payment", object_id=payment.id)
    if observation.risk:
        payment.risk = dict(observation.risk)
    if observation.three_d_secure:
        payment.three_d_secure = dict(observation.three_d_secure)


def _ask_customer(change: PaymentChange, operation: Operation, observation: Observation) -> None:
    payment = change.payment
    resolve_operation(change, operation=operation, status=OperationStatus.REQUIRES_ACTION, observation=observation)
    change.move(payment, PaymentStatus.REQUIRES_ACTION)
    action = observation.next_action
    payment.next_action = {"type": action.type, "url": action.url, "origin": action.origin} if action else None
    payment.expires_at = change.now + CHALLENGE_WINDOW
    change.later(EXPIRE_CHALLENGE, payment.id, to_real(payment.expires_at))
    change.event("payment.requires_action", payment)


def _refuse(change: PaymentChange, operation: Operation, observation: Observation) -> None:
    payment = change.payment
    declined = observation.outcome == Outcome.DECLINED
    status = OperationStatus.DECLINED if declined else OperationStatus.FAILED
    resolve_operation(change, operation=operation, status=status, observation=observation)
    change.move(payment, PaymentStatus.FAILED)
    payment.next_action = payment.expires_at = None
    payment.failure = shown_failure(
        code="not_sent_in_time" if observation.voided_by_key else observation.code or "card_declined",
        decline_code=observation.decline_code,
        message="" if observation.voided_by_key else observation.message,
        advice=observation.advice,
    )
    change.event("payment.failed", payment)


def _grant(change: PaymentChange, operation: Operation, observation: Observation) -> None:
    payment = change.payment
    _post_authorized(change, operation, observation.amount or operation.amount)
    payment.next_action = payment.failure = payment.expires_at = None
    if payment.capture_method == CaptureMethod.AUTOMATIC:
        take_money(change, operation, amount=payment.amount_authorized)
        change.event("payment.succeeded", payment)
    else:
        change.move(payment, PaymentStatus.REQUIRES_CAPTURE)
        change.event("payment.authorized", payment)


def _post_authorized(change: PaymentChange, operation: Operation, amount: int) -> None:
    payment = change.payment
    payment.amount_authorized = amount
    post(
        source_type="operation",
        source_id=operation.id,
        event="authorized",
        lines=(
            debit(accounts.authorizations_receivable(payment), amount),
            credit(accounts.authorizations_payable(payment), amount),
        ),
        now=change.now,
        merchant_id=payment.merchant_id,
        livemode=payment.livemode,
    )


def _settle_late_success(change: PaymentChange, operation: Operation, observation: Observation) -> None:
    """Proof of success after a final no: recorded; kept if the order still waits for it, else sent back by itself."""
    payment, order = change.payment, change.order
    if payment.status not in LOST:
        return
    resolve_operation(change, operation=operation, status=OperationStatus.SUCCEEDED, observation=observation, late=True)
    payment.late_success = True
    amount = observation.amount or operation.amount
    is_wanted = order.status in PAYABLE and order.live_payment_id is None and order.amount_due >= amount
    if not is_wanted:
        closed = order.status in (OrderStatus.EXPIRED, OrderStatus.CANCELED)
        payment.counts_toward_order = False
        payment.late_reason = str(VoidPurpose.ORDER_CLOSED if closed else VoidPurpose.DUPLICATE)
    _post_authorized(change, operation, amount)
    payment.canceled_at = payment.failure = payment.next_action = None
    if payment.capture_method == CaptureMethod.AUTOMATIC:
        take_money(change, operation, amount=amount)
        change.event("payment.succeeded" if is_wanted else "payment.late_success", payment)
        if not is_wanted:
            change.later(REFUND_LATE_SUCCESS, payment.id)
        return
    LATE_SUCCESS.require(payment.status, PaymentStatus.REQUIRES_CAPTURE)
    payment.status = PaymentStatus.REQUIRES_CAPTURE
    change.event("payment.authorized" if is_wanted else "payment.late_success", payment)
    if is_wanted:
        order.live_payment_id = payment.id
    elif present_operation(payment) is None:  # a void that is under way opens the next one if it fails
        purpose = VoidPurpose(payment.late_reason)
        open_operation(change, payment=payment, kind=OperationKind.VOID, amount=amount, purpose=purpose)
