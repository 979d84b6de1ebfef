"""The provider took money: postings, amounts, the order's share."""

from __future__ import annotations

from gateway.ledger.rules import Line, credit, debit
from gateway.ledger.services.post import post
from merchants.selectors.fee_policy import fee_policy
from payments.models import Operation, Payment
from payments.providers.base import Observation, Outcome
from payments.rules import ledger_accounts as accounts
from payments.services.change import PaymentChange
from payments.services.post_suspense import post_suspense
from payments.services.resolve_operation import resolve_operation
from payments.states import LATE_SUCCESS, LOST, OPEN, ORDER, PAYMENT, OperationStatus, OrderStatus, PaymentStatus


def settle_capture(change: PaymentChange, operation: Operation, observation: Observation) -> None:
    """What became of a capture operation. Monotonic: money taken never comes back by this way."""
    if observation.outcome == Outcome.SUCCEEDED:
        _settle_taken(change, operation, observation)
    elif observation.outcome in (Outcome.DECLINED, Outcome.FAILED) and operation.status in OPEN:
        change.payment.amount_capture_pending -= operation.amount
        resolve_operation(change, operation=operation, status=OperationStatus.FAILED, observation=observation)
        change.event("payment.capture_failed", change.payment)


def _settle_taken(change: PaymentChange, operation: Operation, observation: Observation) -> None:
    payment = change.payment
    if operation.status == OperationStatus.SUCCEEDED:
        return
    amount = observation.amount or operation.amount
    was_open = operation.status in OPEN
    if was_open:
        payment.amount_capture_pending -= operation.amount
    resolve_operation(
        change, operation=operation, status=OperationStatus.SUCCEEDED, observation=observation, late=not was_open
    )
    if payment.status == PaymentStatus.REQUIRES_CAPTURE and amount <= payment.amount_capturable:
        take_money(change, operation, amount=amount)
        change.event("payment.captured", payment)
        if payment.status == PaymentStatus.SUCCEEDED:
            change.event("payment.succeeded", payment)
        return
    post_suspense(
        payment=payment,
        provider_object=observation.operation_reference or operation.public_id,
        kind="capture_beyond_authorization",
        cumulative=amount,
        direction="in",
        detail=f"{operation.public_id} was captured while the payment is {payment.status}.",
        now=change.now,
    )


def take_money(change: PaymentChange, operation: Operation, *, amount: int) -> None:
    """Post and count a capture of `amount`; the caller has checked that the authorisation has room for it."""
    payment, order = change.payment, change.order
    ends = operation.is_final or amount == payment.amount_authorized - payment.amount_captured
    released = payment.amount_authorized - payment.amount_captured if ends else amount
    _post_capture(change, operation, amount=amount, released=released)
    payment.amount_captured += amount
    payment.captured_at = payment.captured_at or change.now
    if ends:
        _finish(change)
    elif payment.status != PaymentStatus.REQUIRES_CAPTURE:
        change.move(payment, PaymentStatus.REQUIRES_CAPTURE)
    if not payment.counts_toward_order:
        return
    order.amount_paid += amount
    in_full = order.amount_paid >= order.amount
    status = OrderStatus.PAID if in_full else OrderStatus.PARTIALLY_PAID
    if order.status != status:
        ORDER.require(order.status, status)
        order.status = status
    order.paid_at = change.now if in_full else None
    change.event(f"order.{status}", order)


def release_authorization(change: PaymentChange, *, amount: int, by: str) -> None:
    """Reverse so much of the authorisation's memo; `by` names the capture, the void or `expiry` that released it."""
    payment = change.payment
    if amount > 0:
        post(
            source_type="operation",
            source_id=change.authorize_id(),
            event=f"authorization_reversed:{by}",
            lines=(
                debit(accounts.authorizations_payable(payment), amount),
                credit(accounts.authorizations_receivable(payment), amount),
            ),
            now=change.now,
            merchant_id=payment.merchant_id,
            livemode=payment.livemode,
        )


def _finish(change: PaymentChange) -> None:
    payment = change.payment
    table = LATE_SUCCESS if payment.status in LOST else PAYMENT
    table.require(payment.status, PaymentStatus.SUCCEEDED)
    payment.status = PaymentStatus.SUCCEEDED
    payment.next_action = payment.failure = payment.expires_at = None


def _post_capture(change: PaymentChange, operation: Operation, *, amount: int, released: int) -> None:
    payment = change.payment
    release_authorization(change, amount=released, by=str(operation.id))
    fee = fee_policy(payment.merchant_id).fee_on(amount)
    operation.captured_amount, operation.fee_amount = amount, fee
    operation.save(update_fields=["captured_amount", "fee_amount"])
    _post(
        change,
        operation,
        "captured",
        (debit(accounts.provider_clearing(payment), amount), credit(accounts.merchant_pending(payment), amount)),
    )
    if fee:
        _post(
            change,
            operation,
            "fee",
            (debit(accounts.merchant_pending(payment), fee), credit(accounts.gateway_fees(payment), fee)),
        )


def _post(change: PaymentChange, operation: Operation, event: str, lines: tuple[Line, ...]) -> None:
    payment: Payment = change.payment
    post(
        source_type="operation",
        source_id=operation.id,
        event=event,
        lines=lines,
        now=change.now,
        merchant_id=payment.merchant_id,
        livemode=payment.livemode,
    )
