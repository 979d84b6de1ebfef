"""Let a payment become the order's live one and ask for the money; or queue it behind one that waits."""

from __future__ import annotations

from django.utils import timezone

from payments.errors import AmountTooLarge, AnotherPaymentInProgress, OrderNotPayable
from payments.models import Order, Payment
from payments.rules.resending import RESEND_WINDOW
from payments.selectors.operations import open_operation as present_operation
from payments.selectors.payments import payment_for_update
from payments.services.change import CALL_OFF, Change
from payments.services.open_operation import open_operation
from payments.states import PAYABLE, OperationKind, OrderStatus, PaymentStatus, VoidPurpose


def start_attempt(change: Change, *, order: Order, payment: Payment) -> None:
    """Take the payment to `processing`. The caller holds the order's lock, and the payment's where it exists already.

    With another payment waiting for its customer, that one is called off at the provider first, and this one starts when
    the provider has answered (`release_order`). Raises `OrderNotPayable`, `AmountTooLarge`, `AnotherPaymentInProgress`.
    """
    require_payable(order, amount=payment.amount, change=change)
    if order.live_payment_id is None:
        begin_authorization(change, order=order, payment=payment)
    else:
        _queue_behind(change, order=order, payment=payment)
    order.latest_payment_id = payment.id
    if order.status == OrderStatus.CREATED:
        order.status = OrderStatus.ATTEMPTED
    change.event("payment.processing", payment)


def require_payable(order: Order, *, amount: int, change: Change) -> None:
    """Raise unless the order takes a payment of this amount now."""
    if order.status not in PAYABLE:
        raise OrderNotPayable(f"This order is {order.status}.", status=str(order.status))
    if order.expires_at is not None and order.expires_at <= change.now:
        raise OrderNotPayable("This order has expired.", status=str(OrderStatus.EXPIRED))
    if amount > order.amount_due:
        raise AmountTooLarge("The amount is more than what is due.", amount_due=order.amount_due)


def begin_authorization(change: Change, *, order: Order, payment: Payment) -> None:
    """The payment owns the order now, and the worker will ask the provider."""
    if payment.status != PaymentStatus.PROCESSING:
        change.move(payment, PaymentStatus.PROCESSING)
    order.live_payment_id = payment.id
    open_operation(change, payment=payment, kind=OperationKind.AUTHORIZE, amount=payment.amount)


def _queue_behind(change: Change, *, order: Order, payment: Payment) -> None:
    assert order.live_payment_id is not None
    waiting = payment_for_update(order.live_payment_id)
    if waiting.status != PaymentStatus.REQUIRES_ACTION or order.next_payment_id is not None:
        raise AnotherPaymentInProgress
    change.move(payment, PaymentStatus.PROCESSING)
    order.next_payment_id, order.next_queued_at = payment.id, timezone.now()
    change.later(CALL_OFF, waiting.id, order.next_queued_at + RESEND_WINDOW)
    if present_operation(waiting) is None:
        open_operation(
            change,
            payment=waiting,
            kind=OperationKind.VOID,
            amount=waiting.amount,
            purpose=VoidPurpose.NEW_ATTEMPT,
        )
