"""Taking what is authorised, and giving it back."""

from __future__ import annotations

import pytest
from django.utils import timezone

from gateway.core.tenancy import Tenant
from payments.errors import AmountTooLarge, AnotherPaymentInProgress, InvalidState, PaymentOperationInProgress
from payments.models import Payment
from payments.services.cancel_order import cancel_order
from payments.services.cancel_payment import cancel_payment
from payments.services.capture_payment import capture_payment
from tests.payments.factories import CHALLENGED, event_types, make_order, operations, order_of, pay, postings, reload
from tests.support.fake_provider import FakeProvider
from tests.support.work import run_due_work


@pytest.fixture
def held(tenant: Tenant) -> Payment:
    """1000 authorised, nothing captured."""
    return pay(tenant, make_order(tenant, 1000), capture_method="manual")


def capture(payment: Payment, amount: int | None = None, *, final: bool = False) -> Payment:
    capture_payment(tenant=payment.tenant, payment_id=payment.id, amount=amount, final=final, now=timezone.now())
    run_due_work()
    return reload(payment)


def test_an_authorisation_is_a_memo_until_it_is_captured(held: Payment) -> None:
    assert (held.status, held.amount_authorized, held.amount_capturable) == ("requires_capture", 1000, 1000)
    assert postings() == {"authorizations_receivable": 1000, "authorizations_payable": -1000}
    assert order_of(held).status == "attempted"


def test_a_full_capture_takes_the_place_of_the_memo(held: Payment) -> None:
    payment = capture(held)
    assert (payment.status, payment.amount_captured, order_of(payment).status) == ("succeeded", 1000, "paid")
    assert postings() == {"provider_clearing": 1000, "merchant_pending": -980, "gateway_fees": -20}
    assert event_types()[-3:] == ["payment.captured", "payment.succeeded", "order.paid"]


def test_captures_in_parts_until_nothing_is_left(held: Payment) -> None:
    payment = capture(held, 300)
    assert (payment.status, payment.amount_captured, payment.amount_capturable) == ("requires_capture", 300, 700)
    assert postings()["authorizations_receivable"] == 700
    assert (order_of(payment).status, order_of(payment).amount_paid) == ("partially_paid", 300)
    payment = capture(payment, 700)
    assert (payment.status, payment.amount_captured, order_of(payment).status) == ("succeeded", 1000, "paid")
    assert "authorizations_receivable" not in postings()


def test_a_final_capture_gives_the_rest_back(held: Payment) -> None:
    payment = capture(held, 300, final=True)
    assert (payment.status, payment.amount_captured, payment.amount_capturable) == ("succeeded", 300, 0)
    assert postings() == {"provider_clearing": 300, "merchant_pending": -294, "gateway_fees": -6}
    assert order_of(payment).live_payment_id is None


def test_more_than_is_held_is_refused_and_nothing_is_reserved(held: Payment) -> None:
    with pytest.raises(AmountTooLarge):
        capture(held, 1001)
    assert reload(held).amount_capture_pending == 0
    assert len(operations(held)) == 1


def test_one_operation_at_a_time(held: Payment) -> None:
    capture_payment(tenant=held.tenant, payment_id=held.id, amount=100, now=timezone.now())
    for verb in (capture_payment, cancel_payment):
        with pytest.raises(PaymentOperationInProgress):
            verb(tenant=held.tenant, payment_id=held.id, now=timezone.now())
    assert reload(held).amount_capture_pending == 100


def test_a_capture_that_the_provider_refuses_frees_its_reserve(held: Payment, provider: FakeProvider) -> None:
    provider.next_faults.append("refused")
    payment = capture(held, 400)
    assert (payment.status, payment.amount_capture_pending, payment.amount_capturable) == ("requires_capture", 0, 1000)
    assert event_types()[-1] == "payment.capture_failed"


def test_canceling_gives_the_authorisation_back(held: Payment, provider: FakeProvider) -> None:
    cancel_payment(tenant=held.tenant, payment_id=held.id, now=timezone.now())
    run_due_work()
    payment = reload(held)
    assert (payment.status, provider.only.status, postings()) == ("canceled", "voided", {})
    assert (order_of(payment).status, order_of(payment).live_payment_id) == ("attempted", None)
    with pytest.raises(InvalidState):
        capture(payment)


def test_canceling_after_a_part_was_captured_keeps_that_part(held: Payment, provider: FakeProvider) -> None:
    payment = capture(held, 300)
    provider.only.status = "authorized"
    cancel_payment(tenant=held.tenant, payment_id=held.id, now=timezone.now())
    run_due_work()
    payment = reload(payment)
    assert (payment.status, payment.amount_captured) == ("succeeded", 300)
    assert postings() == {"provider_clearing": 300, "merchant_pending": -294, "gateway_fees": -6}


def test_an_unconfirmed_payment_is_canceled_at_once(tenant: Tenant, provider: FakeProvider) -> None:
    payment = pay(tenant, confirm=False)
    canceled = cancel_payment(tenant=tenant, payment_id=payment.id, now=timezone.now())
    assert (canceled.status, provider.sent) == ("canceled", [])


def test_an_order_with_a_live_payment_is_not_canceled(held: Payment) -> None:
    with pytest.raises(AnotherPaymentInProgress):
        cancel_order(tenant=held.tenant, order_id=held.order_id, now=timezone.now())
    cancel_payment(tenant=held.tenant, payment_id=held.id, now=timezone.now())
    run_due_work()
    order = cancel_order(tenant=held.tenant, order_id=held.order_id, now=timezone.now())
    assert order.status == "canceled"
    assert event_types()[-1] == "order.canceled"


def test_canceling_a_challenge_calls_it_off(tenant: Tenant, provider: FakeProvider) -> None:
    payment = pay(tenant, card=CHALLENGED)
    cancel_payment(tenant=tenant, payment_id=payment.id, now=timezone.now())
    run_due_work()
    assert (reload(payment).status, provider.only.status) == ("canceled", "voided")
    assert [(one.kind, one.status) for one in operations(payment)] == [("authorize", "failed"), ("void", "succeeded")]


@pytest.mark.parametrize("capture_method", ["automatic", "manual"])
def test_a_customer_who_approved_before_the_cancel_arrived_has_paid(
    tenant: Tenant, provider: FakeProvider, capture_method: str
) -> None:
    payment = pay(tenant, card=CHALLENGED, capture_method=capture_method)
    cancel_payment(tenant=tenant, payment_id=payment.id, now=timezone.now())
    provider.only.approve()
    run_due_work()
    payment = reload(payment)
    expected = {"automatic": "succeeded", "manual": "requires_capture"}[capture_method]
    assert (payment.status, payment.amount_authorized) == (expected, 1000)
    assert operations(payment)[1].status == "failed"
