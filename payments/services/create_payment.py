"""Start to pay: an order's next attempt, or an order and its first attempt at once."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import datetime
from uuid import UUID

from django.db import transaction

from gateway.core.errors import Invalid
from gateway.core.opening import NO_CALL, OpeningCall
from gateway.core.personal import attach
from gateway.core.tenancy import Tenant
from payments.errors import AnotherPaymentInProgress
from payments.models import Customer, Order, Payment, PaymentMethod
from payments.selectors.customers import hold_customer
from payments.selectors.orders import get_order, order_for_update
from payments.services.change import Change
from payments.services.create_order import new_order
from payments.services.route_payment import route_payment
from payments.services.start_attempt import require_payable, start_attempt
from payments.services.take_method import PayWith, prepare_test_method, take_method
from payments.states import CaptureMethod, PaymentStatus


def create_payment(
    *,
    tenant: Tenant,
    order_id: UUID | None = None,
    amount: int | None = None,
    currency: str | None = None,
    token_id: UUID | None = None,
    payment_method_id: UUID | None = None,
    test_method: str = "",
    capture_method: str = CaptureMethod.AUTOMATIC,
    confirm: bool = True,
    return_url: str = "",
    customer_id: UUID | None = None,
    setup_future_usage: str = "",
    statement_descriptor: str = "",
    metadata: Mapping[str, str] | None = None,
    now: datetime,
    call: OpeningCall = NO_CALL,
) -> Payment:
    """Create a payment and, unless `confirm` is false, leave asking the provider to the worker: it is `processing`.

    With an order the amount defaults to what is due; without one `amount` and `currency` are needed. A decline is not an
    error: it comes with the payment's status. Raises `Invalid`, `NotFound` or one of this app's conflicts.
    """
    pay_with = PayWith(token_id, payment_method_id, test_method)
    pay_with = prepare_test_method(tenant=tenant, pay_with=pay_with, now=now)
    if confirm and not pay_with:
        raise Invalid.field("payment_method", "required", "Say what to pay with, or send `confirm: false`.")
    with transaction.atomic():
        call.begin()
        change = Change(tenant=tenant, now=now)
        owner_id = get_order(tenant, order_id).customer_id if order_id else None
        customer = _customer(tenant, {customer_id, owner_id} - {None})
        order = _order(change, order_id, amount=amount, currency=currency, customer=customer)
        wanted = order.amount_due if amount is None else amount
        require_payable(order, amount=wanted, change=change)
        method = take_method(
            tenant=tenant, pay_with=pay_with, customer=customer, save=bool(setup_future_usage), now=now
        )
        payment = _payment(order, wanted, method=method, customer=customer, now=now)
        payment.capture_method = capture_method
        payment.return_url, payment.statement_descriptor = return_url, statement_descriptor
        payment.setup_future_usage, payment.metadata = setup_future_usage, dict(metadata or {})
        change.track(payment, new=True)
        change.event("payment.created", payment)
        if confirm:
            start_attempt(change, order=order, payment=payment)
        order.latest_payment_id = payment.id
        change.close("payment.create", payment, {"order": str(order.id), "amount": wanted, "confirm": confirm})
        call.remember(payment)
    return payment


def _customer(tenant: Tenant, named: Set[UUID | None]) -> Customer | None:
    """Who pays: the order's customer, or whom the payment names; the same where both are known."""
    if len(named) > 1:
        raise Invalid.field("customer", "other_customer", "The order belongs to another customer.")
    return next((hold_customer(tenant, one) for one in named if one is not None), None)


def _order(
    change: Change, order_id: UUID | None, *, amount: int | None, currency: str | None, customer: Customer | None
) -> Order:
    """The order, locked and tracked; a new one when none was named."""
    if order_id is None:
        if amount is None or currency is None:
            missing = "amount" if amount is None else "currency"
            raise Invalid.field(missing, "required", "Needed where no order is named.")
        order = new_order(tenant=change.tenant, amount=amount, currency=currency, customer=customer, now=change.now)
        change.track(order, new=True)
        change.event("order.created", order)
        return order
    order = order_for_update(order_id)
    if currency is not None and currency != order.currency:
        raise Invalid.field("currency", "other_currency", f"The order is in {order.currency}.")
    change.track(order)
    if customer is not None and order.customer_id is None:
        order.customer = customer  # and with the order what was sealed for it: erasing one erases the other
        if order.data_key_id is not None:
            attach(order.data_key_id, owner_id=customer.id)
    elif order.customer_id != (customer.id if customer else None):
        raise AnotherPaymentInProgress  # which has named the order's customer since we looked
    return order


def _payment(
    order: Order, amount: int, *, method: PaymentMethod | None, customer: Customer | None, now: datetime
) -> Payment:
    account = route_payment(tenant=order.tenant, bound_to=method.provider_account if method else None)
    return Payment(
        merchant_id=order.merchant_id,
        livemode=order.livemode,
        order=order,
        amount=amount,
        currency=order.currency,
        status=PaymentStatus.REQUIRES_CONFIRMATION if method else PaymentStatus.REQUIRES_PAYMENT_METHOD,
        customer=customer,
        payment_method=method,
        provider_account=account,
        data_key_id=customer.data_key_id if customer else order.data_key_id,
        created_at=now,
    )
