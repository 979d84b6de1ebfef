"""Orders, tokens and payments over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from gateway.core.tenancy import Tenant
from payments.models import Order, Payment, Token
from tests.payments.factories import CHALLENGED, DECLINED, VISA, event_types, make_tenant
from tests.support.fake_provider import FakeProvider
from tests.support.merchants import key_caller, publishable_caller
from tests.support.work import run_due_work


@pytest.fixture
def api(tenant: Tenant) -> APIClient:
    return key_caller(tenant)


def post(api: APIClient, path: str, body: dict[str, Any] | None = None, *, key: str | None = "k1", **extra: Any) -> Any:
    headers: dict[str, Any] = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
    return api.post(f"/api/v1/{path}", body or {}, format="json", **headers, **extra)


def card(number: str = VISA, **fields: Any) -> dict[str, Any]:
    year = timezone.now().year + 3
    return {"type": "card", "card": {"number": number, "exp_month": 12, "exp_year": year, "cvc": "123", **fields}}


def token(api: APIClient, number: str = VISA) -> str:
    answer = post(api, "tokens", card(number), key=None)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def test_an_order_is_created_and_read(api: APIClient) -> None:
    body = {
        "amount": 4999,
        "currency": "EUR",
        "reference": "A-1",
        "line_items": [{"name": "Lamp", "quantity": 1, "amount": 4999}],
        "return_url": "https://shop.test/thanks",
        "metadata": {"basket": "7"},
    }
    answer = post(api, "orders", body)
    assert answer.status_code == 201, answer.content
    order = answer.json()
    assert {name: order[name] for name in ("object", "amount", "amount_due", "amount_paid", "status", "livemode")} == {
        "object": "order", "amount": 4999, "amount_due": 4999, "amount_paid": 0, "status": "created", "livemode": False,
    }  # fmt: skip
    assert f"/pay/{order['id']}/" in order["checkout_url"]
    assert api.get(f"/api/v1/orders/{order['id']}").json() == order
    assert api.get("/api/v1/orders?reference=A-1").json()["data"] == [order]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("amount", 0, "too_small"),
        ("amount", -5, "too_small"),
        ("amount", 10**12, "too_large"),
        ("amount", "100", "not_an_integer"),
        ("amount", True, "not_an_integer"),
        ("amount", 10.0, "not_an_integer"),
        ("currency", "XXX", "unknown_currency"),
        ("currency", "eur", "unknown_currency"),
        ("colour", "red", "unknown_field"),
        ("return_url", "javascript:alert(1)", "bad_url"),
        ("return_url", "https://shop.test/\u65e5\u672c", "bad_url"),
        ("return_url", "https://shop.test/a\u200bb", "bad_url"),
        ("return_url", "https://shop.test/a\x7fb", "bad_url"),
        ("expires_at", "2020-01-01T00:00:00Z", "in_the_past"),
    ],
)
def test_bad_input_is_named_and_nothing_is_kept(api: APIClient, field: str, value: Any, code: str) -> None:
    answer = post(api, "orders", {"amount": 100, "currency": "EUR", field: value})
    assert answer.status_code == 400
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [(field, code)]
    assert Order.all_rows.count() == 0
    assert event_types() == []


def test_a_key_is_needed_where_money_moves(api: APIClient) -> None:
    for path in ("orders", "payments"):
        answer = post(api, path, {"amount": 100, "currency": "EUR"}, key=None)
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")


def test_a_token_is_masked_and_made_by_a_publishable_key_too(tenant: Tenant, api: APIClient) -> None:
    answer = post(publishable_caller(tenant), "tokens", card("4242 4242 4242 4242", holder_name="Mira"), key=None)
    assert answer.status_code == 201, answer.content
    shown = answer.json()
    assert shown["card"]["last4"] == "4242"
    assert "4242424242424242" not in answer.content.decode()
    assert "Mira" not in answer.content.decode()
    refused = post(api, "tokens", card(), key="k9")
    assert refused.status_code == 400


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"number": "4111111111111111"}, "test_mode_live_card", "card.number"),
        ({"number": "4242424242424241"}, "incorrect_number", "card.number"),
        ({"number": "42"}, "incorrect_number", "card.number"),
        ({"exp_month": 13}, "invalid_expiry", "card.exp_month"),
        ({"exp_year": 2020}, "invalid_expiry", "card.exp_year"),
        ({"cvc": "99"}, "invalid_cvc", "card.cvc"),
    ],
)
def test_a_card_that_cannot_be_taken_is_refused_and_not_kept(
    api: APIClient, fields: dict[str, Any], code: str, field: str
) -> None:
    answer = post(api, "tokens", card(**fields), key=None)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert [one["field"] for one in answer.json()["errors"]] == [field]
    assert str(fields.get("number", "no number")) not in answer.content.decode()
    assert Token.all_rows.count() == 0


def test_a_payment_answers_at_once_and_settles_later(api: APIClient) -> None:
    order = post(api, "orders", {"amount": 4999, "currency": "EUR"}, key="o").json()
    body = {"order": order["id"], "payment_method_data": {"token": token(api)}}
    answer = post(api, "payments", body, key="p")
    assert answer.status_code == 201, answer.content
    payment = answer.json()
    assert (payment["status"], payment["amount"], payment["order"]) == ("processing", 4999, order["id"])
    run_due_work()
    settled = api.get(f"/api/v1/payments/{payment['id']}?expand=order,operations").json()
    assert (settled["status"], settled["amount_captured"], settled["order"]["status"]) == ("succeeded", 4999, "paid")
    assert [one["status"] for one in settled["operations"]] == ["succeeded"]
    told = api.get(f"/api/v1/payments/{payment['id']}/events").json()["data"]
    assert [one["type"] for one in told] == ["payment.succeeded", "payment.processing", "payment.created"]
    replayed = post(api, "payments", body, key="p")
    assert (replayed.content, replayed.headers["Idempotent-Replayed"]) == (answer.content, "true")
    other = post(api, "payments", {**body, "amount": 1}, key="p")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert Payment.all_rows.count() == 1


def test_a_decline_is_a_payment_not_an_error(api: APIClient) -> None:
    body = {"amount": 100, "currency": "EUR", "payment_method_data": {"token": token(api, DECLINED)}}
    payment = post(api, "payments", body).json()
    run_due_work()
    shown = api.get(f"/api/v1/payments/{payment['id']}").json()
    assert (shown["status"], shown["failure"]["decline_code"]) == ("failed", "insufficient_funds")


def test_authorise_then_capture_a_part(api: APIClient) -> None:
    body = {"amount": 1000, "currency": "EUR", "payment_method": "pm_card_visa", "capture_method": "manual"}
    payment = post(api, "payments", body).json()
    run_due_work()
    path = f"payments/{payment['id']}"
    too_much = post(api, f"{path}/capture", {"amount": 1001}, key="c1")
    assert (too_much.status_code, too_much.json()["code"]) == (409, "amount_too_large")
    taken = post(api, f"{path}/capture", {"amount": 700, "final": True}, key="c2")
    assert taken.status_code == 200, taken.content
    busy = post(api, f"{path}/cancel", key="c3")
    assert (busy.status_code, busy.json()["code"]) == (409, "payment_operation_in_progress")
    run_due_work()
    shown = api.get(f"/api/v1/{path}").json()
    assert (shown["status"], shown["amount_captured"], shown["amount_capturable"]) == ("succeeded", 700, 0)
    again = post(api, f"{path}/cancel", key="c3")
    assert (again.status_code, again.json()["code"]) == (409, "invalid_state")
    listed = api.get(f"/api/v1/{path}/operations").json()["data"]
    assert [(one["kind"], one["status"]) for one in listed] == [("capture", "succeeded"), ("authorize", "succeeded")]


def test_create_first_and_confirm_later(api: APIClient) -> None:
    payment = post(api, "payments", {"amount": 100, "currency": "EUR", "confirm": False}).json()
    assert payment["status"] == "requires_payment_method"
    confirmed = post(
        api,
        f"payments/{payment['id']}/confirm",
        {"payment_method_data": {"token": token(api, CHALLENGED)}, "return_url": "https://shop.test/back"},
        key="c",
    )
    assert (confirmed.status_code, confirmed.json()["status"]) == (200, "processing")
    run_due_work()
    shown = api.get(f"/api/v1/payments/{payment['id']}").json()
    assert shown["status"] == "requires_action"
    assert shown["next_action"] == {"type": "redirect", "url": "https://bank.test/fpay_1"}
    assert shown["expires_at"] is not None


def test_another_merchants_objects_are_404_and_untouched(tenant: Tenant, api: APIClient) -> None:
    payment = post(api, "payments", {"amount": 100, "currency": "EUR", "payment_method": "pm_card_visa"}).json()
    stranger = key_caller(make_tenant())
    for path in (f"payments/{payment['id']}", f"orders/{payment['order']}", f"payments/{payment['id']}/operations"):
        assert stranger.get(f"/api/v1/{path}").status_code == 404
    for verb in ("capture", "cancel", "confirm"):
        assert post(stranger, f"payments/{payment['id']}/{verb}").status_code == 404
    assert stranger.get("/api/v1/payments").json()["data"] == []
    assert post(stranger, f"orders/{payment['order']}/cancel").status_code == 404
    assert APIClient().get(f"/api/v1/payments/{payment['id']}").status_code == 401


def test_scopes_bind_each_verb(tenant: Tenant) -> None:
    reader = key_caller(tenant, ["payments:read", "orders:read"])
    body = {"amount": 100, "currency": "EUR", "payment_method": "pm_card_visa"}
    for path in ("payments", "orders", "tokens"):
        answer = post(reader, path, body if path == "payments" else {"amount": 1, "currency": "EUR"})
        assert answer.status_code == 403
    assert Payment.all_rows.count() == 0


def test_lists_are_filtered_and_paged(api: APIClient) -> None:
    for number in range(3):
        body = {"amount": 100 + number, "currency": "EUR", "payment_method": "pm_card_visa"}
        post(api, "payments", {**body, "metadata": {"n": str(number)}}, key=f"k{number}")
    run_due_work()
    first = api.get("/api/v1/payments?limit=2").json()
    assert ([one["amount"] for one in first["data"]], first["has_more"]) == ([102, 101], True)
    second = api.get(f"/api/v1/payments?limit=2&cursor={first['next_cursor']}").json()
    assert ([one["amount"] for one in second["data"]], second["has_more"]) == ([100], False)
    assert len(first["data"][0]["operations"]) == 1
    for query, amounts in (
        ("amount_gte=101&amount_lte=101", [101]),
        ("metadata[n]=2", [102]),
        ("status=failed", []),
        ("status=succeeded,failed&q=4242", [102, 101, 100]),
    ):
        assert [one["amount"] for one in api.get(f"/api/v1/payments?{query}").json()["data"]] == amounts
    assert api.get("/api/v1/payments?colour=red").status_code == 400


def test_the_integration_names_reach_the_same_services(api: APIClient, provider: FakeProvider) -> None:
    body = {"amount": 100, "currency": "EUR", "payment_method": "pm_card_visa", "confirm": False}
    started = api.post("/api/payments/initiate", body, format="json", HTTP_IDEMPOTENCY_KEY="i1")
    assert started.status_code == 201, started.content
    transaction_id = started.json()["transactionId"]
    confirmed = api.post(
        "/api/payments/confirm", {"transactionId": transaction_id}, format="json", HTTP_IDEMPOTENCY_KEY="i2"
    )
    assert (confirmed.status_code, confirmed.json()["status"]) == (200, "processing")
    run_due_work()
    assert api.get(f"/api/payments/{transaction_id}").json()["status"] == "succeeded"
    assert len(provider.sent) == 1
    refunded = api.post(
        "/api/payments/refund",
        {"transactionId": transaction_id, "amount": 40},
        format="json",
        HTTP_IDEMPOTENCY_KEY="i3",
    )
    assert (refunded.status_code, refunded.json()["amount"]) == (201, 40)


def test_a_customer_is_created_changed_and_erased(api: APIClient) -> None:
    customer = post(api, "customers", {"name": "Mira Demo", "email": "mira@demo.test"}, key=None).json()
    path = f"/api/v1/customers/{customer['id']}"
    assert api.patch(path, {"phone": "+49301"}, format="json").json()["phone"] == "+49301"
    erased = api.delete(path).json()
    assert (erased["name"], erased["email"], erased["phone"], erased["erased"]) == (None, None, None, True)
    refused = api.patch(path, {"name": "Again"}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "customer_erased")


def test_a_saved_method_belongs_to_its_customer_and_pays_again(api: APIClient) -> None:
    customer = post(api, "customers", {"email": "mira@demo.test"}, key="cus").json()["id"]
    body = {"amount": 100, "currency": "EUR", "customer": customer, "payment_method_data": {"token": token(api)}}
    payment = post(api, "payments", {**body, "setup_future_usage": "on_session"}, key="p1").json()
    run_due_work()
    method = payment["payment_method"]
    assert [one["id"] for one in api.get(f"/api/v1/customers/{customer}/payment_methods").json()["data"]] == [method]
    again = {"amount": 200, "currency": "EUR", "customer": customer, "payment_method": method}
    assert post(api, "payments", again, key="p2").status_code == 201
    assert post(api, "payments", {**again, "customer": None}, key="p3").status_code == 400
    assert post(api, f"payment_methods/{method}/detach", key=None).status_code == 200
    refused = post(api, "payments", again, key="p4")
    assert (refused.status_code, refused.json()["code"]) == (409, "payment_method_not_saved")


def test_a_key_expands_only_what_it_may_read(tenant: Tenant, api: APIClient) -> None:
    order = post(api, "orders", {"amount": 100, "currency": "EUR"}).json()
    narrow = key_caller(tenant, ["orders:read"])
    path = f"/api/v1/orders/{order['id']}"
    assert narrow.get(path).status_code == 200
    for name in ("customer", "latest_payment"):
        refused = narrow.get(path, {"expand": name})
        assert (refused.status_code, refused.json()["required_permission"]) == (403, "payments:read")
    assert api.get(path, {"expand": "customer,latest_payment"}).status_code == 200


@pytest.mark.parametrize("text", ["two\nlines", "zero\u200bwidth", "bell\x07"])
def test_what_a_bank_cannot_print_is_refused_here(api: APIClient, text: str) -> None:
    body = {"amount": 100, "currency": "EUR", "confirm": False, "statement_descriptor": text}
    answer = post(api, "payments", body)
    assert answer.status_code == 400
    assert [one["field"] for one in answer.json()["errors"]] == ["statement_descriptor"]
    assert Payment.all_rows.count() == 0


def test_a_list_of_payments_costs_the_same_however_long(
    api: APIClient, django_assert_max_num_queries: Any, tenant: Tenant
) -> None:
    order = post(api, "orders", {"amount": 4999, "currency": "EUR"}).json()["id"]
    customer = post(api, "customers", {"email": "mira@lumen.test"}, key=None).json()["id"]
    counts: dict[str, list[int]] = {}
    for number in range(3):
        body = {"order": order, "customer": customer, "confirm": False}
        assert post(api, "payments", body, key=f"p{number}").status_code == 201
        for path in (f"orders/{order}/payments", f"customers/{customer}/payments", "payments?expand=order"):
            with django_assert_max_num_queries(100) as asked:
                assert len(api.get(f"/api/v1/{path}").json()["data"]) == number + 1
            counts.setdefault(path, []).append(len(asked))
    assert all(len(set(found[1:])) == 1 for found in counts.values()), counts
