"""Pressing Pay: one payment however often, and what the page says after it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from checkout.models import Attempt, CheckoutSession
from gateway.core.tenancy import Tenant
from gateway.idempotency.models import IdempotencyKey
from payments.models import Order, Payment, Token
from payments.services.cancel_order import cancel_order
from payments.services.create_token import create_token
from refunds.services.create_refund import create_refund
from tests.checkout.visits import CARD, Visit
from tests.payments.factories import CHALLENGED, DECLINED, VISA, make_order, order_of
from tests.support.fake_provider import FakeProvider
from tests.support.work import run_due_work


def payments_of(tenant: Tenant) -> list[Payment]:
    return list(Payment.objects.for_merchant(tenant).order_by("id"))


def test_a_card_pays_the_order_and_the_receipt_says_so(order: Order, customer: Client, tenant: Tenant) -> None:
    visit = Visit(customer).enter(order)
    assert "Pay EUR\xa049.99" in visit.html
    assert "Brass desk lamp" in visit.words
    visit.pay()
    assert "Confirming" in visit.words
    run_due_work()
    visit.open(visit.path)
    assert "Payment complete" in visit.words
    assert "EUR 49.99" in visit.words
    assert "•••• 4242" in visit.words
    (payment,) = payments_of(tenant)
    assert (payment.status, payment.amount_captured) == ("succeeded", 4999)
    assert order_of(payment).status == "paid"
    session = CheckoutSession.objects.for_merchant(tenant).get()
    assert (session.status, session.attempt) == ("complete", 1)
    assert session.completed_at is not None


def test_the_receipt_tells_of_a_refund_on_its_way_and_of_one_that_arrived(
    order: Order, customer: Client, tenant: Tenant
) -> None:
    visit = Visit(customer).enter(order).pay()
    run_due_work()
    (payment,) = payments_of(tenant)
    create_refund(tenant=tenant, payment_id=payment.id, amount=1000, now=timezone.now())
    assert "Refund on its way EUR 10.00" in visit.open(visit.path).words
    run_due_work()
    visit.open(visit.path)
    assert "Refunded EUR 10.00" in visit.words
    assert "Refund on its way" not in visit.words


def test_a_second_press_of_the_same_form_tokenises_nothing_and_shows_the_first_attempt(
    order: Order, customer: Client, tenant: Tenant
) -> None:
    form = Visit(customer).enter(order)
    html = form.html
    first = form.pay().path
    second = Visit(customer, html=html).pay()
    assert second.path == first
    assert "Confirming" in second.words
    run_due_work()
    third = Visit(customer, html=html).pay("4000056655665556")
    assert "Payment complete" in third.words
    assert Token.objects.for_merchant(tenant).count() == 1
    assert len(payments_of(tenant)) == 1
    assert Attempt.objects.for_merchant(tenant).count() == 1


def test_the_key_is_the_servers_and_its_record_holds_no_card(order: Order, customer: Client, tenant: Tenant) -> None:
    Visit(customer).enter(order).pay()
    session = CheckoutSession.objects.for_merchant(tenant).get()
    key = IdempotencyKey.objects.for_merchant(tenant).get()
    assert (key.caller_class, key.key, key.status) == ("checkout", f"{session.public_id}.1", 303)
    assert VISA.encode() not in bytes(key.body or b"")


def test_after_a_decline_the_page_says_why_and_takes_another_card(
    order: Order, customer: Client, tenant: Tenant
) -> None:
    visit = Visit(customer).enter(order).pay(DECLINED)
    run_due_work()
    visit.open(visit.path)
    assert "There is not enough money on this card." in visit.words
    assert "Nothing was charged." in visit.words
    visit.pay()
    run_due_work()
    visit.open(visit.path)
    assert "Payment complete" in visit.words
    assert [payment.status for payment in payments_of(tenant)] == ["failed", "succeeded"]
    attempts = Attempt.objects.for_merchant(tenant).order_by("number")
    assert [(attempt.number, attempt.outcome) for attempt in attempts] == [(1, "declined"), (2, "paid")]
    keys = IdempotencyKey.objects.for_merchant(tenant).order_by("id")
    assert [key.key[-2:] for key in keys] == [".1", ".2"]


@pytest.mark.parametrize(
    ("field", "typed", "message"),
    [
        ("number", "", "Enter the card number."),
        ("number", "4242 4242 4242", "The card number is too short."),
        ("number", "4242 4242 4242 4241", "This card number is not right."),
        ("number", "4111 1111 1111 1111", "This is a test payment. Use a test card"),
        ("expiry", "", "Enter the expiry date."),
        ("expiry", "12", "Enter the month and the year"),
        ("expiry", "13 / 34", "This is no date on a card."),
        ("expiry", "01 / 20", "This card has expired."),
        ("cvc", "", "Enter the security code."),
        ("cvc", "12", "The security code is too short."),
        ("cvc", "12a", "This security code is not right."),
        ("name", "", "Enter the name on the card."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_the_rest_stays(
    order: Order, customer: Client, tenant: Tenant, field: str, typed: str, message: str
) -> None:
    visit = Visit(customer).enter(order).pay(**{"number": VISA, field: typed})
    assert visit.status == 422
    assert message in visit.words
    assert f'id="card-{field}_error"' in visit.html
    assert f'aria-describedby="card-{field}_error"' in visit.html
    assert 'aria-invalid="true"' in visit.html
    assert visit.html.count("autofocus") == 1
    if field != "name":
        assert 'value="Ada Example"' in visit.html
    assert "4242 4242 4242 4242" not in visit.html.replace("for example 4242 4242 4242 4242", "")
    assert VISA not in visit.html
    assert 'value="123"' not in visit.html
    assert payments_of(tenant) == []
    assert Attempt.objects.for_merchant(tenant).count() == 0
    assert IdempotencyKey.objects.for_merchant(tenant).count() == 0
    assert "Confirming" in visit.pay().words  # the same form may be sent again


@pytest.mark.parametrize("field", ["number", "expiry", "cvc", "name"])
def test_a_card_number_in_any_field_is_never_sent_back(order: Order, customer: Client, field: str) -> None:
    visit = Visit(customer).enter(order).pay(**{"number": "4", "cvc": "", field: VISA})
    assert visit.status == 422
    assert VISA not in visit.html


def test_a_page_without_our_token_is_refused_and_shows_a_good_form(
    order: Order, customer: Client, tenant: Tenant
) -> None:
    visit = Visit(customer).enter(order).send("card", {**CARD, "number": VISA, "token": "forged"})
    assert visit.status == 422
    assert "This page was out of date." in visit.words
    assert payments_of(tenant) == []
    assert "Confirming" in visit.pay().words


def test_the_token_of_another_session_is_refused(order: Order, tenant: Tenant, customer: Client) -> None:
    stolen = Visit(customer).enter(make_order(tenant, 100)).token()
    visit = Visit(customer).enter(order).send("card", {**CARD, "number": VISA, "token": stolen})
    assert visit.status == 422
    assert payments_of(tenant) == []


def test_an_amount_that_changed_is_shown_before_it_is_charged(order: Order, customer: Client, tenant: Tenant) -> None:
    visit = Visit(customer).enter(order)
    Order.objects.for_merchant(tenant).update(amount=5999)
    visit.pay()
    assert visit.status == 422
    assert "The amount has changed." in visit.words
    assert "Pay EUR\xa059.99" in visit.html
    assert payments_of(tenant) == []


def test_three_d_secure_without_a_script_is_a_redirect_to_the_bank_and_back(
    order: Order, customer: Client, tenant: Tenant, provider: FakeProvider
) -> None:
    visit = Visit(customer).enter(order).pay(CHALLENGED)
    run_due_work()
    page = visit.path
    visit.open(page)
    assert visit.path.startswith("https://bank.test/")
    (payment,) = payments_of(tenant)
    assert payment.return_url == f"http://testserver{page}/return"
    provider.only.approve()
    visit.open(f"{page}/return")
    assert visit.path == f"{page}?step=returned"
    assert "Confirming" in visit.words  # nobody has asked the bank yet: another way there would come back at once
    assert '<meta http-equiv="refresh"' in visit.html
    assert visit.open(visit.path).path == f"{page}?step=returned"
    run_due_work()
    visit.open(visit.path)
    assert "Payment complete" in visit.words


@pytest.mark.parametrize(("query", "way_back"), [("", ""), ("?framed=1", "?framed=1")])
def test_who_returned_without_deciding_is_led_back_to_the_bank(
    order: Order, customer: Client, query: str, way_back: str
) -> None:
    visit = Visit(customer).enter(order).pay(CHALLENGED)
    run_due_work()
    page = visit.path
    visit.open(f"{page}/return{query}")
    if query:
        assert f'href="{page}?framed=1&amp;step=returned" target="_top"' in visit.html
        visit.open(f"{page}?framed=1&step=returned")
    run_due_work()
    visit.open(visit.path)
    assert "Not finished at your bank?" in visit.words
    assert f'<a href="{page}{way_back}">Go back to its page</a>' in visit.html
    visit.open(f"{page}{way_back}")
    assert (visit.path if not query else visit.html).count("https://bank.test/") > 0


def test_a_forged_return_changes_nothing(order: Order, customer: Client, tenant: Tenant) -> None:
    visit = Visit(customer).enter(order).pay(CHALLENGED)
    run_due_work()
    visit.open(f"{visit.path}/return")
    run_due_work()
    (payment,) = payments_of(tenant)
    assert payment.status == "requires_action"


def test_cancelling_the_challenge_leads_back_to_the_choice_of_method(
    order: Order, customer: Client, tenant: Tenant
) -> None:
    visit = Visit(customer).enter(order).pay(CHALLENGED)
    run_due_work()
    visit.open(f"{visit.path}?framed=1")
    assert 'title="Confirmation by your bank"' in visit.html
    visit.send("cancel", {})
    run_due_work()
    visit.open(visit.path)
    assert "Nothing was charged. Choose how you want to pay." in visit.words
    visit.pay()
    run_due_work()
    visit.open(visit.path)
    assert "Payment complete" in visit.words
    assert [payment.status for payment in payments_of(tenant)] == ["canceled", "succeeded"]


def test_upi_is_offered_for_rupees_only(order: Order, customer: Client, tenant: Tenant) -> None:
    assert "UPI" not in Visit(customer).enter(order).words
    visit = Visit(customer).enter(make_order(tenant, 89900, "INR"))
    assert "UPI ID" in visit.words
    for typed, message in (
        ("", "Enter your UPI ID."),
        ("name@", "The UPI ID is not complete."),
        ("na me@bank", "This UPI ID is not right."),
        (f"{VISA}@upi", "This UPI ID is not right."),
    ):
        visit.send("upi", {"vpa": typed})
        assert message in visit.words
        assert VISA not in visit.html
    visit.send("upi", {"vpa": "success@upi"})
    run_due_work()
    assert "Payment complete" in visit.open(visit.path).words


def test_an_attempt_that_was_given_up_never_becomes_a_payment(
    order: Order, customer: Client, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process that tokenised was paused for longer than we wait; the customer meanwhile has another form."""

    def slowly(**arguments: object) -> Token:
        token = create_token(**arguments)  # type: ignore[arg-type]
        Attempt.objects.for_merchant(tenant).update(started_at=timezone.now() - timedelta(minutes=5))
        session = CheckoutSession.objects.for_merchant(tenant).get()
        assert "The payment did not start." in Visit(Client()).open(f"/checkout/{session.public_id}").words
        return token

    monkeypatch.setattr("checkout.services.pay.create_token", slowly)
    visit = Visit(customer).enter(order).pay()
    assert payments_of(tenant) == []
    assert "Nothing was charged." in visit.words
    monkeypatch.undo()
    assert "Confirming" in visit.pay().words


def test_an_order_that_was_canceled_meanwhile_takes_no_money(order: Order, customer: Client, tenant: Tenant) -> None:
    visit = Visit(customer).enter(order)
    cancel_order(tenant=tenant, order_id=order.id, now=timezone.now())
    visit.pay()
    assert "This order was canceled" in visit.words
    assert payments_of(tenant) == []


def test_the_script_is_told_where_to_go_instead_of_being_redirected(order: Order, customer: Client) -> None:
    visit = Visit(customer).enter(order)
    answer = customer.post(
        visit.action("card"),
        {**CARD, "number": VISA, "token": visit.token(), "framed": "1"},
        headers={"X-Checkout-Script": "1"},
    )
    assert answer.status_code == 204
    assert answer.headers["X-Checkout-Location"].endswith("/attempts/1?framed=1")
