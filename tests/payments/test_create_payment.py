"""Starting to pay."""

from __future__ import annotations

import pytest
from django.utils import timezone

from gateway.core.errors import Invalid, NotFound
from gateway.core.tenancy import Tenant
from payments.errors import AmountTooLarge, AnotherPaymentInProgress, NoProviderAccount, OrderNotPayable, TokenUsed
from payments.models import Payment
from payments.providers.base import CardInput
from payments.services.create_payment import create_payment
from payments.services.create_token import create_token
from tests.payments.factories import (
    DECLINED,
    event_types,
    make_order,
    make_tenant,
    make_token,
    operations,
    order_of,
    pay,
    postings,
    reload,
    start_payment,
)
from tests.support.fake_provider import FakeProvider
from tests.support.work import run_due_work


def test_a_payment_is_processing_until_the_worker_has_asked(tenant: Tenant, provider: FakeProvider) -> None:
    payment = start_payment(tenant, make_order(tenant))
    assert payment.status == "processing"
    assert provider.sent == []
    assert [(one.kind, one.status) for one in operations(payment)] == [("authorize", "created")]


def test_a_good_card_pays_the_order_and_the_books_say_so(tenant: Tenant, provider: FakeProvider) -> None:
    payment = pay(tenant, make_order(tenant, 4999))
    order = order_of(payment)
    assert (payment.status, payment.amount_authorized, payment.amount_captured) == ("succeeded", 4999, 4999)
    assert (order.status, order.amount_paid, order.live_payment_id) == ("paid", 4999, None)
    assert postings() == {"provider_clearing": 4999, "merchant_pending": -4899, "gateway_fees": -100}
    assert event_types() == [
        "order.created", "payment.created", "payment.processing", "payment.succeeded", "order.paid",
    ]  # fmt: skip
    assert provider.sent == [("authorize", operations(payment)[0].public_id)]


def test_a_decline_is_a_failed_payment_with_advice(tenant: Tenant) -> None:
    payment = pay(tenant, make_order(tenant), card=DECLINED)
    assert payment.status == "failed"
    assert payment.failure == {
        "code": "card_declined",
        "decline_code": "insufficient_funds",
        "message": "The card has insufficient funds.",
        "advice": "use_other_method",
    }
    assert (order_of(payment).status, order_of(payment).live_payment_id) == ("attempted", None)
    assert postings() == {}


def test_the_customer_may_try_again_after_a_decline(tenant: Tenant) -> None:
    order = make_order(tenant)
    pay(tenant, order, card=DECLINED)
    assert pay(tenant, order).status == "succeeded"
    assert order_of(pay(tenant)).status == "paid"


def test_a_payment_without_an_order_makes_one(tenant: Tenant) -> None:
    payment = pay(tenant, amount=700, currency="JPY")
    order = order_of(payment)
    assert (order.amount, order.currency, order.status) == (700, "JPY", "paid")


def test_one_order_has_one_live_payment(tenant: Tenant) -> None:
    order = make_order(tenant)
    start_payment(tenant, order)
    with pytest.raises(AnotherPaymentInProgress):
        start_payment(tenant, order)
    assert Payment.objects.for_merchant(tenant).count() == 1


def test_two_part_payments_pay_an_order(tenant: Tenant) -> None:
    order = make_order(tenant, 1000)
    first = pay(tenant, order, amount=400)
    assert (order_of(first).status, order_of(first).amount_paid) == ("partially_paid", 400)
    with pytest.raises(AmountTooLarge):
        start_payment(tenant, order, amount=601)
    second = pay(tenant, order)
    assert (second.amount, order_of(second).status) == (600, "paid")
    with pytest.raises(OrderNotPayable):
        start_payment(tenant, order)


def test_a_token_pays_once(tenant: Tenant) -> None:
    token = make_token(tenant)
    fields = {"tenant": tenant, "token_id": token.id, "amount": 100, "currency": "EUR", "now": timezone.now()}
    create_payment(**fields)  # type: ignore[arg-type]
    with pytest.raises(TokenUsed):
        create_payment(**fields)  # type: ignore[arg-type]
    assert Payment.objects.for_merchant(tenant).count() == 1


def test_another_merchants_order_and_token_do_not_exist(tenant: Tenant) -> None:
    stranger = make_tenant()
    with pytest.raises(NotFound):
        start_payment(stranger, make_order(tenant))
    token = make_token(tenant)
    with pytest.raises(NotFound):
        create_payment(tenant=stranger, token_id=token.id, amount=1, currency="EUR", now=timezone.now())


def test_a_named_test_method_is_tokenised_once_and_pays_often(tenant: Tenant) -> None:
    for _ in range(2):
        payment = create_payment(
            tenant=tenant, test_method="pm_card_visa", amount=100, currency="EUR", now=timezone.now()
        )
        run_due_work()
        assert reload(payment).status == "succeeded"
    with pytest.raises(Invalid):
        create_payment(tenant=tenant, test_method="pm_nothing", amount=100, currency="EUR", now=timezone.now())


def test_without_a_provider_account_nothing_is_kept(tenant: Tenant) -> None:
    live = Tenant(tenant.merchant_id, livemode=True)
    with pytest.raises(NoProviderAccount):
        create_token(tenant=live, method=_card(), now=timezone.now())
    with pytest.raises(NoProviderAccount):
        create_payment(tenant=live, amount=1, currency="EUR", confirm=False, now=timezone.now())
    assert Payment.objects.for_merchant(live).count() == 0


def _card() -> CardInput:
    return CardInput("4242424242424242", 12, timezone.now().year + 1, "123")
