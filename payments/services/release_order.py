"""After a payment has moved: is the order free again, and does somebody wait for it?"""

from __future__ import annotations

from payments.models import Payment
from payments.rules.declines import shown_failure
from payments.selectors.payments import payment_for_update
from payments.services.change import EXPIRE_ORDER, PaymentChange
from payments.services.start_attempt import begin_authorization
from payments.states import LIVE, PAYABLE, PaymentStatus


def release_order(change: PaymentChange) -> None:
    """Free the order when its live payment is over, and start or call off the attempt that waited behind it."""
    order, payment = change.order, change.payment
    if not change.is_live:
        return
    if payment.status in LIVE:
        # The customer approved before the challenge could be called off: that approval wins.
        if payment.status in (PaymentStatus.REQUIRES_CAPTURE, PaymentStatus.REQUIRES_REVIEW):
            _call_off_next(change)
        return
    order.live_payment_id = None
    if order.next_payment_id is not None:
        following = _take_next(change)
        if order.status in PAYABLE and following.amount <= order.amount_due:
            begin_authorization(change, order=order, payment=following)
        else:
            _cancel(change, following)
    if order.live_payment_id is None and order.expires_at is not None and order.status in PAYABLE:
        change.later(EXPIRE_ORDER, order.id)


def _call_off_next(change: PaymentChange) -> None:
    if change.order.next_payment_id is not None:
        _cancel(change, _take_next(change))


def _take_next(change: PaymentChange) -> Payment:
    assert change.order.next_payment_id is not None
    following = payment_for_update(change.order.next_payment_id)
    change.track(following)
    change.order.next_payment_id = None
    return following


def _cancel(change: PaymentChange, payment: Payment) -> None:
    change.move(payment, PaymentStatus.CANCELED)
    payment.canceled_at = change.now
    payment.failure = shown_failure(code="order_no_longer_payable")
    change.event("payment.canceled", payment)
