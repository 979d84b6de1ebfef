"""Let a prepared payment ask for the money."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from gateway.core.errors import Invalid
from gateway.core.opening import NO_CALL, OpeningCall
from gateway.core.tenancy import Tenant
from payments.errors import InvalidState
from payments.models import Payment
from payments.selectors.customers import hold_customer
from payments.selectors.payments import get_payment
from payments.services.change import PaymentChange
from payments.services.route_payment import route_payment
from payments.services.start_attempt import start_attempt
from payments.services.take_method import PayWith, prepare_test_method, take_method
from payments.states import PaymentStatus

_BEFORE = (PaymentStatus.REQUIRES_PAYMENT_METHOD, PaymentStatus.REQUIRES_CONFIRMATION)


def confirm_payment(
    *,
    tenant: Tenant,
    payment_id: UUID,
    token_id: UUID | None = None,
    payment_method_id: UUID | None = None,
    test_method: str = "",
    return_url: str = "",
    now: datetime,
    call: OpeningCall = NO_CALL,
) -> Payment:
    """Take the payment to `processing`, with the method it has or the one given here. Raises this app's conflicts."""
    pay_with = PayWith(token_id, payment_method_id, test_method)
    pay_with = prepare_test_method(tenant=tenant, pay_with=pay_with, now=now)
    with transaction.atomic():
        call.begin()
        known = get_payment(tenant, payment_id)
        if known.customer_id is not None:
            hold_customer(tenant, known.customer_id)
        change = PaymentChange(payment_id=payment_id, now=now)
        payment = change.payment
        if payment.status not in _BEFORE:
            raise InvalidState(f"This payment is {payment.status}.", status=str(payment.status))
        method = take_method(
            tenant=tenant,
            pay_with=pay_with,
            customer=payment.customer,
            save=bool(payment.setup_future_usage),
            now=now,
        )
        if method is not None:
            payment.payment_method = method
            payment.provider_account = route_payment(tenant=tenant, bound_to=method.provider_account)
        if payment.payment_method is None:
            raise Invalid.field("payment_method", "required", "This payment has no payment method yet.")
        if return_url:
            payment.return_url = return_url
        if payment.status == PaymentStatus.REQUIRES_PAYMENT_METHOD:
            change.move(payment, PaymentStatus.REQUIRES_CONFIRMATION)
        start_attempt(change, order=change.order, payment=payment)
        change.close("payment.confirm", payment)
        call.remember(payment)
    return payment
