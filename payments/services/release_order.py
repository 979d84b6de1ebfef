"""After a payment has moved: is the order free again, and does somebody wait for it?"""

from __future__ import annotations

from django.utils import timezone

from payments.errors import AmountTooLarge, OrderNotPayable
from payments.models import Order, Payment
from payments.rules.declines import shown_failure
from payments.rules.resending import is_in_time
from payments.selectors.payments import payment_for_update
from payments.services.change import EXPIRE_ORDER, PaymentChange
from payments.services.start_attempt import begin_authorization, require_payable
from payments.states import LIVE, PAYABLE, PaymentStatus


def release_order(change: PaymentChange) -> None:
    """Free the order when its live payment is over, and start or call off the attempt that waited behind it."""
    order, payment = change.order, change.payment
    if not change.is_live:
        return
    if payment.status in LIVE:
        _look_at_next(change)
        return
    order.live_payment_id = None
    if order.next_payment_id is not None:
        _start_or_cancel_next(change)
    if order.live_payment_id is None and order.expires_at is not None and order.status in PAYABLE:
        change.later(EXPIRE_ORDER, order.id)


def _look_at_next(change: PaymentChange) -> None:
    if change.order.next_payment_id is None:
        return
    # The customer approved before the challenge could be called off: that approval wins.
    if change.payment.status in (PaymentStatus.REQUIRES_CAPTURE, PaymentStatus.REQUIRES_REVIEW):
        _cancel(change, _take_next(change), "order_no_longer_payable")
    elif not _waited_in_time(change.order):
        _cancel(change, _take_next(change), "not_sent_in_time")


def _start_or_cancel_next(change: PaymentChange) -> None:
    in_time = _waited_in_time(change.order)
    following = _take_next(change)
    try:
        require_payable(change.order, amount=following.amount, change=change)
    except (OrderNotPayable, AmountTooLarge):
        _cancel(change, following, "order_no_longer_payable")
        return
    if in_time:
        begin_authorization(change, order=change.order, payment=following)
    else:
        _cancel(change, following, "not_sent_in_time")


def _waited_in_time(order: Order) -> bool:
    assert order.next_queued_at is not None
    return is_in_time(made_at=order.next_queued_at, now=timezone.now())


def _take_next(change: PaymentChange) -> Payment:
    assert change.order.next_payment_id is not None
    following = payment_for_update(change.order.next_payment_id)
    change.track(following)
    change.order.next_payment_id = change.order.next_queued_at = None
    return following


def _cancel(change: PaymentChange, payment: Payment, code: str) -> None:
    change.move(payment, PaymentStatus.CANCELED)
    payment.canceled_at = change.now
    payment.failure = shown_failure(code=code)
    change.event("payment.canceled", payment)
