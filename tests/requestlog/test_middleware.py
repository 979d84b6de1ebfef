"""What is remembered of an API request, and what never is."""

import gzip
import json
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pytest_django import Settings

from gateway.core import context
from gateway.core.context import Actor
from gateway.core.errors import NotFound
from gateway.core.ids import new_id
from gateway.core.personal import erase, new_data_key
from gateway.core.principal import Principal
from gateway.core.tenancy import Tenant
from gateway.requestlog import middleware
from gateway.requestlog.middleware import RequestLogMiddleware
from gateway.requestlog.models import ApiRequest
from gateway.requestlog.selectors import bodies, get_request, list_requests

pytestmark = pytest.mark.django_db
SENTINEL = "4242424242424242"
TENANT = Tenant(new_id(), livemode=False)
PRINCIPAL = Principal(TENANT, "secret", frozenset(), Actor("api_key", "key_1"), "key_1")


def sent(
    path: str = "/api/v1/orders",
    body: Any = None,
    answer: Any = None,
    *,
    status: int = 201,
    data_key: Any = None,
    encoding: str = "",
    principal: Principal | None = PRINCIPAL,
    headers: dict[str, str] | None = None,
) -> HttpResponse:
    """Send a request through the middleware to a view that answers with `answer`."""

    def view(request: HttpRequest) -> HttpResponse:
        request.auth = principal  # type: ignore[attr-defined]
        request.log_data_key_id = data_key  # type: ignore[attr-defined]
        content = json.dumps(answer if answer is not None else {"id": "ord_1"}).encode()
        response = HttpResponse(
            gzip.compress(content) if encoding else content, status=status, content_type="application/json"
        )
        if encoding:
            response.headers["Content-Encoding"] = encoding
        return response

    content = body if isinstance(body, str) else json.dumps(body)
    request = RequestFactory().post(path, content, content_type="application/json", headers=headers)
    with context.bound(request_id="req_1"):
        response = RequestLogMiddleware(view)(request)
    assert isinstance(response, HttpResponse)
    return response


def row() -> ApiRequest:
    return ApiRequest.objects.unscoped("the test wrote one").get()


def stored() -> str:
    """Everything that is in the table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(r)::text FROM requestlog_request r")
        return "\n".join(line for (line,) in cursor.fetchall())


def test_a_request_is_kept_with_its_caller_and_its_answer() -> None:
    sent(body={"amount": 100}, answer={"id": "ord_1", "amount": 100}, headers={"Idempotency-Key": "k-1"})

    kept = row()
    assert (kept.method, kept.path, kept.status, kept.request_id) == ("POST", "/api/v1/orders", 201, "req_1")
    assert (kept.merchant_id, kept.livemode, kept.credential_id) == (TENANT.merchant_id, False, "key_1")
    assert (kept.idempotency_key, kept.replayed) == ("k-1", False)
    assert bodies(kept) == ({"amount": 100}, {"id": "ord_1", "amount": 100})


def test_a_refusal_is_kept_with_its_code() -> None:
    sent(answer={"code": "invalid_state"}, status=409)

    assert (row().status, row().error_code) == (409, "invalid_state")


@pytest.mark.parametrize("spelling", [SENTINEL, "4242 4242 4242 4242", "4242-4242-4242-4242"])
def test_a_card_number_is_kept_nowhere(spelling: str) -> None:
    sent(
        f"/api/v1/orders/{spelling}?q={spelling}&status={spelling}&{spelling}=1",
        {"card": {"number": spelling, "cvc": "123"}, "note": f"pay with {spelling}", spelling: int(SENTINEL)},
        {"detail": spelling},
        headers={"Idempotency-Key": spelling, "X-Note": spelling},
    )

    assert row().path == "/api/v1/orders/[card number]"
    assert spelling not in stored() and SENTINEL not in stored() and "123" not in row().request_body


def test_a_body_that_may_hold_a_card_is_not_kept_at_all() -> None:
    sent("/api/v1/tokens", {"cardd": {"nummer": "4242424242424241"}})

    assert bodies(row())[0] == {"[not kept]": "may hold a card"}


def test_a_body_that_does_not_parse_is_not_kept() -> None:
    sent(body=f'{{"number": {SENTINEL}')

    assert bodies(row())[0] == {"[not kept]": "27 bytes that do not parse"}


def test_a_body_beyond_16_kb_is_not_kept() -> None:
    sent(body={"note": "x" * 20_000})

    assert bodies(row())[0] == {"[not kept]": "more than 16384 bytes"}


def test_a_compressed_answer_is_kept_plain_and_a_bomb_is_not() -> None:
    sent(answer={"id": "ord_1"}, encoding="gzip")
    assert bodies(row())[1] == {"id": "ord_1"}

    sent(answer={"id": "x" * 1_000_000}, encoding="gzip")
    newest = list_requests(TENANT)[0]
    assert bodies(newest)[1] == {"[not kept]": "more than 16384 bytes"}


def test_personal_data_is_sealed_with_the_customer_s_key_and_gone_with_it() -> None:
    data_key_id = new_data_key()
    sent(body={"email": "ada@example.test", "amount": 1}, data_key=data_key_id)

    assert "ada@example.test" not in stored()
    assert bodies(row())[0] == {"email": "ada@example.test", "amount": 1}
    erase(data_key_id)
    assert bodies(row())[0] == {"email": None, "amount": 1, "erased": True}


def test_personal_data_of_nobody_we_know_is_not_kept() -> None:
    sent("/api/v1/orders?q=ada@example.test&email=ada@example.test", {"email": "ada@example.test"})

    assert row().sealed_bodies is None
    assert "ada@example.test" not in stored()


def test_secrets_are_not_kept() -> None:
    sent(answer={"id": "we_1", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})

    assert bodies(row())[1] == {"id": "we_1", "secret": "[redacted]"}


def test_a_merchant_sees_its_own_requests_only() -> None:
    sent()
    stranger = Tenant(new_id(), livemode=False)

    assert list_requests(TENANT).count() == 1
    for other in (stranger, Tenant(TENANT.merchant_id, livemode=True)):
        assert list_requests(other).count() == 0
        with pytest.raises(NotFound):
            get_request(other, row().id)


def test_a_request_that_nobody_signed_belongs_to_nobody_and_leaves_nothing_large() -> None:
    sent(
        f"/api/v1/{'p' * 2000}?{'n' * 3000}=1&cursor={'c' * 3000}",
        {"note": "x" * 10_000},
        {"code": "unauthenticated", "detail": "x" * 10_000},
        principal=None,
        status=401,
        headers={"Idempotency-Key": "k" * 3000},
    )

    assert (row().merchant_id, row().status, row().error_code) == (None, 401, "unauthenticated")
    assert (row().query, row().request_body, row().response_body) == ({}, "", "")
    assert len(stored()) < 2_000


def test_a_limit_that_refuses_a_stranger_costs_no_row_and_a_merchant_sees_its_own() -> None:
    sent(principal=None, status=429)
    assert stored() == ""

    sent(status=429)
    assert (row().merchant_id, row().status) == (TENANT.merchant_id, 429)


def test_a_flood_from_one_address_fills_no_table(client: Client, settings: Settings) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"ip": (2, 60)}

    statuses = [client.get("/api/v1/nothing-here").status_code for _ in range(6)]

    assert statuses.count(404) <= 3 and statuses[-1] == 429
    assert ApiRequest.objects.unscoped("those of the test").count() == statuses.count(404)


def test_pages_and_the_documentation_are_not_logged(client: Client) -> None:
    for path in ("/health/live", "/api/docs", "/api/v1/openapi.json"):
        client.get(path)

    assert stored() == ""


def test_a_failure_to_log_never_breaks_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")

    monkeypatch.setattr(middleware, "keep_request", refuse)

    response = sent()

    assert response.status_code == 201
    assert ApiRequest.objects.unscoped("the connection still works").count() == 0


def test_signs_that_the_database_cannot_hold_do_no_harm() -> None:
    sent("/api/v1/orders/a%00b?x=%00", {"note": "a\u0000b"}, headers={"Idempotency-Key": "a"})

    assert row().path == "/api/v1/orders/a\ufffdb"
    assert bodies(row())[0] == {"note": "a\u0000b"}


def test_rows_can_neither_be_changed_nor_deleted() -> None:
    sent()

    for statement in ("UPDATE requestlog_request SET status = 200", "DELETE FROM requestlog_request"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_the_whole_stack_keeps_who_called(client: Client) -> None:
    client.get("/api/v1/nothing-here", headers={"X-Request-Id": "till-1"})

    assert (row().path, row().status, row().request_id) == ("/api/v1/nothing-here", 404, "till-1")
