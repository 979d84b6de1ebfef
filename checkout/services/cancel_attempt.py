"""The customer turns back from a confirmation that waits for them."""

from __future__ import annotations

from datetime import datetime

from checkout.models import CheckoutSession
from checkout.selectors.sessions import attempt_of, payment_of
from payments.services.cancel_payment import cancel_payment
from payments.states import PaymentStatus


def cancel_attempt(*, session: CheckoutSession, number: int, now: datetime) -> None:
    """Call the attempt's waiting payment off. If the customer confirmed it first, the confirmation wins.

    An attempt that does not wait for the customer is left alone: its page says what became of it.
    """
    payment = payment_of(attempt_of(session, number))
    if payment is None or payment.status != PaymentStatus.REQUIRES_ACTION:
        return
    cancel_payment(tenant=session.tenant, payment_id=payment.id, now=now)
