"""Sessions: how one comes from a link or the API, how it ends, and what the page says then."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from checkout.models import Attempt, CheckoutSession
from checkout.services.create_session import create_session
from gateway.core.tenancy import Tenant
from gateway.work.models import Work
from payments.models import Order, Token
from payments.rules.checkout_links import checkout_url
from payments.services.cancel_order import cancel_order
from payments.services.create_order import create_order
from tests.checkout.visits import CARD, Visit
from tests.payments.factories import CHALLENGED, DECLINED, VISA, make_order, make_tenant, pay
from tests.support.fake_provider import FakeProvider
from tests.support.merchants import key_caller, publishable_caller
from tests.support.work import run_due_work


def only_session(tenant: Tenant) -> CheckoutSession:
    return CheckoutSession.objects.for_merchant(tenant).get()


def test_the_link_leads_to_the_same_session_until_it_ends(order: Order, customer: Client, tenant: Tenant) -> None:
    first = Visit(customer).enter(order).path
    assert Visit(Client()).enter(order).path == first
    assert only_session(tenant).expires_at - only_session(tenant).created_at == timedelta(hours=1)


def test_a_cut_or_forged_link_leads_nowhere(order: Order, customer: Client, tenant: Tenant) -> None:
    link = urlsplit(checkout_url(order)).path
    for path in (
        link[:-1],
        f"/pay/{order.public_id}/x",
        "/pay/ord_x/y",
        "/checkout/cs_x",
        f"/checkout/{order.public_id}",
    ):
        visit = Visit(customer).open(path)
        assert visit.status == 404
        assert "There is no payment page here" in visit.words
    assert CheckoutSession.objects.for_merchant(tenant).count() == 0


def test_a_paid_order_says_that_it_is_paid(order: Order, customer: Client, tenant: Tenant) -> None:
    visit = Visit(customer).enter(order)
    pay(tenant, order)
    assert "Payment complete" in visit.open(visit.path).words
    assert only_session(tenant).status == "complete"
    assert "Payment complete" in Visit(Client()).enter(order).words


def test_an_order_paid_without_checkout_says_so_too(order: Order, customer: Client, tenant: Tenant) -> None:
    pay(tenant, order)
    visit = Visit(customer).enter(order)
    assert "This order is already paid" in visit.words
    assert "EUR 49.99" in visit.words


def test_a_canceled_order_says_so(order: Order, customer: Client, tenant: Tenant) -> None:
    visit = Visit(customer).enter(order)
    cancel_order(tenant=tenant, order_id=order.id, now=timezone.now())
    assert "This order was canceled" in visit.open(visit.path).words
    assert only_session(tenant).status == "expired"


def test_an_expired_session_leads_to_a_fresh_one(order: Order, customer: Client, tenant: Tenant) -> None:
    visit = Visit(customer).enter(order)
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        visit.open(visit.path)
        assert "This page has expired" in visit.words
        expired = visit.path
        visit.send("renew", {})
        assert visit.path != expired
        visit.pay()
        run_due_work()
        assert "Payment complete" in visit.open(visit.path).words
    statuses = [session.status for session in CheckoutSession.objects.for_merchant(tenant).order_by("id")]
    assert statuses == ["expired", "complete"]


def test_the_timer_expires_a_session_that_nobody_looks_at(order: Order, customer: Client, tenant: Tenant) -> None:
    Visit(customer).enter(order)
    CheckoutSession.objects.for_merchant(tenant).update(expires_at=timezone.now() - timedelta(seconds=1))
    Work.objects.filter(kind="checkout.expire_session").update(run_at=timezone.now() - timedelta(seconds=1))
    run_due_work()
    assert only_session(tenant).status == "expired"


@pytest.mark.parametrize("age_s", [0, 100])
def test_the_timer_ends_an_attempt_whose_process_died_before_there_was_a_payment(
    order: Order, customer: Client, tenant: Tenant, monkeypatch: pytest.MonkeyPatch, age_s: int
) -> None:
    def die(**_arguments: object) -> Token:
        raise SystemExit

    monkeypatch.setattr("checkout.services.pay.create_token", die)
    visit = Visit(customer).enter(order)
    with pytest.raises(SystemExit):
        visit.pay()
    assert only_session(tenant).status == "processing"
    CheckoutSession.objects.for_merchant(tenant).update(expires_at=timezone.now() - timedelta(seconds=1))
    started_at = timezone.now() - timedelta(seconds=age_s)
    Attempt.objects.for_merchant(tenant).update(started_at=started_at)
    timer = Work.objects.filter(kind="checkout.expire_session")
    timer.update(run_at=timezone.now() - timedelta(seconds=1))
    run_due_work()
    if age_s == 0:
        assert only_session(tenant).status == "processing"
        assert timer.get().run_at == started_at + timedelta(seconds=90)
        Attempt.objects.for_merchant(tenant).update(started_at=timezone.now() - timedelta(seconds=91))
        timer.update(run_at=timezone.now() - timedelta(seconds=1))
        run_due_work()
    assert only_session(tenant).status == "expired"
    attempt = Attempt.objects.for_merchant(tenant).get()
    assert (attempt.outcome, attempt.ended_at is not None) == ("abandoned", True)
    assert not timer.exists()


def test_a_payment_on_its_way_at_expiry_needs_no_timer(order: Order, customer: Client, tenant: Tenant) -> None:
    Visit(customer).enter(order).pay(CHALLENGED)
    run_due_work()
    CheckoutSession.objects.for_merchant(tenant).update(expires_at=timezone.now() - timedelta(seconds=1))
    timer = Work.objects.filter(kind="checkout.expire_session")
    timer.update(run_at=timezone.now() - timedelta(seconds=1))
    run_due_work()
    assert only_session(tenant).status == "processing"
    assert not timer.exists()


def test_a_session_never_outlives_its_order(customer: Client, tenant: Tenant) -> None:
    ends = timezone.now() + timedelta(minutes=5)
    order = create_order(tenant=tenant, amount=100, currency="EUR", expires_at=ends, now=timezone.now())
    visit = Visit(customer).enter(order)
    assert only_session(tenant).expires_at == ends
    assert "This page expires at" in visit.words


def test_a_payment_that_ends_after_the_customer_left_completes_the_session(
    order: Order, customer: Client, tenant: Tenant
) -> None:
    Visit(customer).enter(order).pay()
    run_due_work()
    assert only_session(tenant).status == "complete"


def test_addresses_of_the_merchant_are_links_only_when_they_are_web_addresses(customer: Client, tenant: Tenant) -> None:
    order = make_order(tenant, 100)
    Order.objects.for_merchant(tenant).update(cancel_url="javascript:alert(1)", return_url="https://shop.test/done")
    visit = Visit(customer).enter(order)
    assert "javascript:" not in visit.html
    visit.pay()
    run_due_work()
    assert 'href="https://shop.test/done"' in visit.open(visit.path).html


def test_the_first_load_is_small_names_no_third_party_and_obeys_a_strict_policy(order: Order, customer: Client) -> None:
    from django.contrib.staticfiles import finders

    visit = Visit(customer).enter(order)
    links = re.findall(r'(?:href|src)="([^"#]+)"', visit.html)
    assert [link for link in links if "//" in link] == []
    files = [finders.find(link.removeprefix("/static/")) for link in links if link.startswith("/static/")]
    size = len(visit.html.encode()) + sum(len(open(str(path), "rb").read()) for path in files)  # noqa: PTH123, SIM115
    assert size < 50_000, size
    policy = visit.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert re.search(r"style-src 'self' 'nonce-[^']+'", policy)
    assert "no-store" in visit.headers["Cache-Control"]
    assert not visit.client.cookies


def test_the_api_makes_a_session_for_an_order(tenant: Tenant, order: Order) -> None:
    caller = key_caller(tenant)
    body = {"order": order.public_id, "success_url": "https://shop.test/thanks"}
    made = caller.post("/api/v1/checkout/sessions", body, headers={"Idempotency-Key": "s1"})
    assert made.status_code == 201, made.content
    session = made.json()
    assert (session["object"], session["status"], session["order"]) == ("checkout_session", "open", order.public_id)
    assert session["url"] == f"http://testserver/checkout/{session['id']}"
    assert caller.post("/api/v1/checkout/sessions", body, headers={"Idempotency-Key": "s1"}).content == made.content
    assert caller.get(f"/api/v1/checkout/sessions/{session['id']}").json() == session
    assert [one["id"] for one in caller.get("/api/v1/checkout/sessions").json()["data"]] == [session["id"]]
    shown = publishable_caller(tenant).get(f"/api/v1/checkout/sessions/{session['id']}")
    assert shown.status_code == 200


def test_the_api_expires_an_open_session_once(tenant: Tenant, order: Order, customer: Client) -> None:
    caller = key_caller(tenant)
    session = caller.post(
        "/api/v1/checkout/sessions", {"order": order.public_id}, headers={"Idempotency-Key": "s1"}
    ).json()
    visit = Visit(customer).open(f"/checkout/{session['id']}")
    assert caller.post(f"/api/v1/checkout/sessions/{session['id']}/expire", {}).json()["status"] == "expired"
    again = caller.post(f"/api/v1/checkout/sessions/{session['id']}/expire", {})
    assert (again.status_code, again.json()["code"]) == (409, "checkout_session_not_open")
    sent = Client().post(visit.action("card"), {**CARD, "number": VISA, "token": visit.token()}, follow=True)
    assert "This page has expired" in sent.content.decode()


def test_the_api_counts_the_attempts_that_were_made(tenant: Tenant, order: Order, customer: Client) -> None:
    caller = key_caller(tenant)

    def attempts() -> list[int]:
        (listed,) = caller.get("/api/v1/checkout/sessions").json()["data"]
        return [listed["attempts"], caller.get(f"/api/v1/checkout/sessions/{listed['id']}").json()["attempts"]]

    visit = Visit(customer).enter(order)
    assert attempts() == [0, 0]
    visit.pay(DECLINED)
    assert attempts() == [1, 1]
    run_due_work()
    assert attempts() == [1, 1]
    visit.open(visit.path).pay()
    assert attempts() == [2, 2]
    run_due_work()
    assert (only_session(tenant).status, attempts()) == ("complete", [2, 2])


def test_a_session_whose_order_was_paid_elsewhere_had_no_attempt(
    tenant: Tenant, order: Order, customer: Client
) -> None:
    Visit(customer).enter(order)
    pay(tenant, order)
    (listed,) = key_caller(tenant).get("/api/v1/checkout/sessions").json()["data"]
    assert (listed["status"], listed["attempts"]) == ("complete", 0)


def test_a_list_of_four_sessions_takes_as_many_queries_as_one_of_one(tenant: Tenant, order: Order) -> None:
    caller = key_caller(tenant)

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert caller.get("/api/v1/checkout/sessions").status_code == 200
        return len(asked)

    create_session(tenant=tenant, order_id=order.id, now=timezone.now())
    queries()  # notes that the key was used
    of_one = queries()
    for _ in range(3):
        create_session(tenant=tenant, order_id=order.id, now=timezone.now())
    assert queries() == of_one


@pytest.mark.parametrize("locale", ["en", "EN-gb", "ar", "zh-Hant-TW", ""])
def test_a_page_says_which_language_it_is_really_in(
    tenant: Tenant, order: Order, customer: Client, locale: str
) -> None:
    session = create_session(tenant=tenant, order_id=order.id, locale=locale, now=timezone.now())
    assert '<html lang="en" dir="ltr">' in Visit(customer).open(f"/checkout/{session.public_id}").html


@pytest.mark.parametrize(
    ("locale", "status"),
    [
        ("en", 201),
        ("pt-BR", 201),
        ("zh-Hant-TW", 201),
        ("", 400),
        ("e", 400),
        ("en_GB", 400),
        ("en-", 400),
        ("-en", 400),
        ("../en", 400),
        ("en\n", 201),
        ("\u0435n", 400),
        ("english language", 400),
        ("en-" + "a1234567-" * 2 + "b", 400),
        (1, 400),
        (None, 400),
    ],
)
def test_a_locale_is_a_language_tag(tenant: Tenant, order: Order, locale: object, status: int) -> None:
    body = {"order": order.public_id, "locale": locale}
    answer = key_caller(tenant).post("/api/v1/checkout/sessions", body, headers={"Idempotency-Key": "s1"})
    assert answer.status_code == status, answer.content
    if status == 400:
        assert [error["field"] for error in answer.json()["errors"]] == ["locale"]
        assert CheckoutSession.objects.for_merchant(tenant).count() == 0
    else:
        assert answer.json()["locale"] == str(locale).strip()


def test_strangers_and_bad_input_are_refused(tenant: Tenant, order: Order, provider: FakeProvider) -> None:
    body = {"order": order.public_id}
    stranger = key_caller(make_tenant())
    made = key_caller(tenant).post("/api/v1/checkout/sessions", body, headers={"Idempotency-Key": "s1"}).json()
    assert stranger.post("/api/v1/checkout/sessions", body, headers={"Idempotency-Key": "s"}).status_code == 404
    assert stranger.get(f"/api/v1/checkout/sessions/{made['id']}").status_code == 404
    assert stranger.post(f"/api/v1/checkout/sessions/{made['id']}/expire", {}).status_code == 404
    bad = {"order": "ord_x", "success_url": "javascript:alert(1)", "amount": 1}
    refused = key_caller(tenant).post("/api/v1/checkout/sessions", bad, headers={"Idempotency-Key": "s2"})
    assert refused.status_code == 400
    assert {error["field"] for error in refused.json()["errors"]} == {"order", "success_url", "amount"}
    assert CheckoutSession.objects.for_merchant(tenant).count() == 1
