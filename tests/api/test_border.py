"""What the border refuses, and in which words."""

import gzip
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from rest_framework.test import APIClient

from gateway.api import ratelimit
from gateway.core.tenancy import Tenant
from merchants.models import Merchant
from tests.support.merchants import key_caller, make_key, make_tenant, person_caller, publishable_caller

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.probe")]
PROBE = "/api/v1/probe"
GOOD: dict[str, Any] = {"amount": 4999, "currency": "EUR"}


@pytest.fixture
def tenant() -> Tenant:
    return make_tenant()


@pytest.fixture
def client(tenant: Tenant) -> APIClient:
    return key_caller(tenant)


def raw(client: APIClient, body: bytes | str, content_type: str = "application/json") -> Any:
    raw_body: Any = body
    return client.generic("POST", PROBE, raw_body, content_type=content_type)


def fields_of(answer: Any) -> set[tuple[str, str]]:
    return {(one["field"], one["code"]) for one in answer.json()["errors"]}


def test_a_good_request_runs_in_the_name_of_the_key(client: APIClient, tenant: Tenant) -> None:
    answer = client.post(PROBE, GOOD)

    assert answer.status_code == 201
    assert answer.json()["merchant"] == str(tenant.merchant_id)
    assert answer.json()["livemode"] is False
    assert answer.json()["actor"] == "api_key"
    assert answer.json()["now"].endswith("Z")


def test_a_request_runs_on_the_merchants_clock(client: APIClient, tenant: Tenant) -> None:
    before = client.post(PROBE, GOOD).json()["now"]
    Merchant.objects.filter(pk=tenant.merchant_id).update(test_clock_offset=timedelta(days=400))

    assert int(client.post(PROBE, GOOD).json()["now"][:4]) > int(before[:4])


@pytest.mark.parametrize(
    "amount", ["1e3", "10.0", "true", "-1", "0", "null", '"4999"', "1000000000000", "[]", "{}", "1E400"]
)
def test_an_amount_is_a_positive_integer_and_nothing_else(client: APIClient, amount: str) -> None:
    answer = raw(client, f'{{"amount": {amount}, "currency": "EUR"}}')

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "validation_error"
    assert [one["field"] for one in answer.json()["errors"]] == ["amount"]


@pytest.mark.parametrize("currency", ["eur", "XXX", "EURO", "", 978, None, True])
def test_a_currency_is_an_upper_case_iso_code(client: APIClient, currency: Any) -> None:
    answer = client.post(PROBE, GOOD | {"currency": currency})

    assert answer.status_code == 400
    assert [one["field"] for one in answer.json()["errors"]] == ["currency"]


def test_every_wrong_field_is_named_at_once_at_every_level(client: APIClient) -> None:
    body = {
        "currency": "EUR",
        "colour": 1,
        "card": {"number": "x", "cvv": "1"},
        "order": "pay_1",
        "tags": ["ok", "too long"],
    }

    answer = client.post(PROBE, body)

    assert answer.status_code == 400
    assert fields_of(answer) == {
        ("amount", "required"),
        ("colour", "unknown_field"),
        ("card.cvv", "unknown_field"),
        ("order", "bad_id"),
        ("tags.1", "max_length"),
    }


@pytest.mark.parametrize(
    "metadata",
    [
        [],
        "text",
        {"k": 1},
        {"k": None},
        {"k": {"nested": "no"}},
        {"": "v"},
        {"k" * 41: "v"},
        {"k": "v" * 501},
        {str(n): "v" for n in range(51)},
    ],
)
def test_metadata_is_a_small_map_of_text(client: APIClient, metadata: Any) -> None:
    answer = client.post(PROBE, GOOD | {"metadata": metadata})

    assert answer.status_code == 400
    assert [one["field"] for one in answer.json()["errors"]] == ["metadata"]


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[]",
        '"text"',
        "null",
        "1",
        '{"amount": 1, "amount": 2}',
        '{"card": {"number": "1", "number": "2"}}',
        '{"amount": NaN}',
        '{"amount": Infinity}',
        b'{"amount": "\xff"}',
        '{"currency": "\\u0000"}',
        '{"currency": "\\ud800"}',
        '{"a":' * 40 + "1" + "}" * 40,
        "[" * 100_000,
        '{"amount": ' + "9" * 5000 + "}",
    ],
)
def test_malformed_json_is_a_400(client: APIClient, body: str | bytes) -> None:
    answer = raw(client, body)

    assert answer.status_code == 400
    assert answer.json()["code"] == "malformed_body"


def test_another_format_is_a_415(client: APIClient) -> None:
    answer = raw(client, "amount=1", "application/x-www-form-urlencoded")

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_an_unknown_method_is_a_405_that_says_which_are_allowed(client: APIClient) -> None:
    answer = client.delete(PROBE)

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer["Allow"] == "GET, POST, HEAD, OPTIONS"


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/nothing", "/api/v1/probe/", "/auth/nothing"])
def test_an_unknown_path_is_a_404_in_json(client: APIClient, path: str) -> None:
    answer = client.get(path)

    assert (answer.status_code, answer.json()["code"]) == (404, "path_not_found")
    assert answer["Content-Type"] == "application/problem+json"


def test_a_body_over_the_limit_is_a_413(client: APIClient) -> None:
    answer = raw(client, '{"metadata": {"k": "' + "v" * settings.API_MAX_BODY_BYTES + '"}}')

    assert (answer.status_code, answer.json()["code"]) == (413, "request_too_large")


def test_an_unexpected_error_is_a_500_that_tells_nothing(client: APIClient) -> None:
    answer = client.get("/api/v1/broken")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert b"4242" not in answer.content


def test_a_database_that_is_down_is_a_503_with_retry_after(client: APIClient) -> None:
    answer = client.get("/api/v1/database_down")

    assert (answer.status_code, answer.json()["code"]) == (503, "temporarily_unavailable")
    assert answer["Retry-After"] == "5"
    # The connection may have been cut while it committed: who believes otherwise pays twice with a new key.
    assert "nothing was changed" not in answer.json()["detail"].lower()
    assert "with the same Idempotency-Key" in answer.json()["detail"]


def test_no_key_is_a_401_that_says_how(client: APIClient) -> None:
    answer = APIClient().post(PROBE, GOOD)

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer["WWW-Authenticate"].startswith("Basic ")


def test_a_problem_has_every_member_of_the_contract(client: APIClient) -> None:
    problem = client.post(PROBE, {}).json()

    assert list(problem)[:7] == ["type", "title", "status", "detail", "code", "errors", "request_id"]
    assert problem["type"] == "http://testserver/api/docs/errors#validation_error"


@pytest.mark.parametrize("path", [PROBE, "/api/v1/nothing", "/api/v1/broken"])
def test_a_problem_names_its_request(client: APIClient, path: str) -> None:
    sent = client.get(path, headers={"X-Request-Id": "till-7.order_12"})
    made = client.post(PROBE, {})

    assert sent["X-Request-Id"] == "till-7.order_12"
    assert sent.status_code == 200 or sent.json()["request_id"] == "till-7.order_12"
    assert made.json()["request_id"] == made["X-Request-Id"] != ""


def test_a_key_without_the_scope_is_refused_by_name(tenant: Tenant) -> None:
    answer = key_caller(tenant, ["payments:read"]).post(PROBE, GOOD)

    assert (answer.status_code, answer.json()["required_permission"]) == (403, "payments:write")


def test_a_publishable_key_may_not_come_where_it_is_not_invited(tenant: Tenant) -> None:
    assert publishable_caller(tenant).get(PROBE).status_code == 403


def test_a_person_may_what_the_role_may(tenant: Tenant) -> None:
    from merchants.rules.permissions import Role

    viewer = person_caller(tenant, Role.VIEWER)

    assert viewer.get(PROBE).status_code == 200
    assert viewer.post(PROBE, GOOD).status_code == 403


def test_a_database_that_is_down_while_the_key_is_looked_up_is_a_503_too(
    client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(key_id: str) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr("merchants.api.authentication.api_key_by_key_id", down)

    answer = client.post(PROBE, GOOD)
    assert (answer.status_code, answer.json()["code"]) == (503, "temporarily_unavailable")


@pytest.mark.parametrize("query", ["q=%00", "name=a%00b", "metadata[%00]=x", "%00=1", "fields=%00", "cursor=%00"])
def test_nul_in_a_query_is_a_400(client: APIClient, query: str) -> None:
    assert client.get(f"{PROBE}?{query}").status_code == 400


# --- lists and shapes -------------------------------------------------------------------------------------------------


def test_a_list_is_walked_by_cursor_without_gaps_or_repeats(client: APIClient, tenant: Tenant) -> None:
    for _ in range(4):
        key_caller(tenant)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = client.get(PROBE, {"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [one["id"] for one in page["data"]]
        key_caller(tenant)  # rows that arrive meanwhile change nothing behind the cursor
        cursor = page["next_cursor"]
        assert page["has_more"] is (cursor is not None)

    assert len(seen) == 5
    assert seen == sorted(set(seen), reverse=True)


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "00001000000"},
        {"limit": "-1"},
        {"limit": "²"},
        {"limit": "x"},
        {"cursor": "!"},
        {"cursor": "AAAA"},
        {"statu": "paid"},
    ],
)
def test_a_wrong_query_parameter_is_named(client: APIClient, query: dict[str, str]) -> None:
    answer = client.get(PROBE, query)

    assert answer.status_code == 400
    assert [one["field"] for one in answer.json()["errors"]] == list(query)


@pytest.mark.parametrize("query", ["metadata=x&metadata[a]=b", "metadata[a]=b&metadata=x"])
@pytest.mark.parametrize("path", [PROBE, "/api/v1/payments"])
def test_metadata_with_and_without_a_key_is_refused_in_any_order(client: APIClient, path: str, query: str) -> None:
    answer = client.get(f"{path}?{query}")

    assert answer.status_code == 400
    assert [one["field"] for one in answer.json()["errors"]] == ["metadata"]


def test_filters_come_from_the_query_and_wrong_ones_are_named(client: APIClient, tenant: Tenant) -> None:
    make_key(tenant, name="Billing")

    def names(**query: str) -> list[str]:
        return [one["name"] for one in client.get(PROBE, query).json()["data"]]

    assert names() == ["Billing", "Test key"]
    assert names(name="Billing") == ["Billing"]
    assert names(q="bILL") == ["Billing"]
    assert names(created_gte="2001-01-01T00:00:00Z", limit="1") == ["Billing"]
    assert names(created_lt="2001-01-01T00:00:00Z") == []
    wrong = client.get(PROBE, {"created_gte": "soon", "colour": "red"})
    assert fields_of(wrong) == {("created_gte", "invalid"), ("colour", "unknown_field")}


def test_sparse_fields_go_deep_and_keep_the_id(client: APIClient) -> None:
    page = client.get(PROBE, {"fields": "deep.a,nothing"}).json()

    assert [set(one) for one in page["data"]] == [{"id", "object", "deep"}]
    assert page["data"][0]["deep"] == {"a": 1}


def test_expand_puts_objects_in_the_place_of_ids(client: APIClient, tenant: Tenant) -> None:
    page = client.get(PROBE, {"expand": "owner"}).json()

    assert page["data"][0]["owner"] == {"id": "own_1", "object": "owner", "merchant": str(tenant.merchant_id)}
    assert client.get(PROBE, {"expand": "name"}).json()["errors"][0]["code"] == "not_expandable"


def test_an_unchanged_answer_is_a_304(client: APIClient, tenant: Tenant) -> None:
    first = client.get(PROBE)
    again = client.get(PROBE, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")

    key_caller(tenant)
    assert client.get(PROBE, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_answers_over_a_kilobyte_are_compressed_for_who_asks(client: APIClient) -> None:
    plain = client.post(PROBE, GOOD)
    packed = client.post(PROBE, GOOD, headers={"Accept-Encoding": "gzip"})

    assert not plain.has_header("Content-Encoding")
    assert packed["Content-Encoding"] == "gzip"
    assert b"x" * 2000 in gzip.decompress(packed.content)
    assert not client.post(PROBE, {}, headers={"Accept-Encoding": "gzip"}).has_header("Content-Encoding")


# --- limits -----------------------------------------------------------------------------------------------------------


def test_answers_tell_the_limit_of_the_key(client: APIClient) -> None:
    answer = client.get(PROBE)

    assert answer["RateLimit-Limit"] == str(settings.RATE_LIMITS["key"][0])
    assert int(answer["RateLimit-Remaining"]) == settings.RATE_LIMITS["key"][0] - 1
    assert 1 <= int(answer["RateLimit-Reset"]) <= 60


@pytest.mark.usefixtures("one_window")
@pytest.mark.parametrize("bucket", ["ip", "key"])
def test_beyond_the_limit_is_a_429_with_retry_after(client: APIClient, settings: Any, bucket: str) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {bucket: (2, 60)}
    statuses = [client.get(PROBE).status_code for _ in range(3)]
    refused = client.get(PROBE)

    assert statuses == [200, 200, 429]
    assert refused.json()["code"] == "rate_limited"
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert refused["RateLimit-Remaining"] == "0"


def test_while_the_cache_is_down_everything_is_allowed_and_counted(
    client: APIClient, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"key": (1, 60)}

    def down(*args: Any, **kwargs: Any) -> None:
        raise ConnectionError("no cache")

    monkeypatch.setattr(ratelimit, "_leave_alone_until", 0.0)
    monkeypatch.setattr("gateway.api.ratelimit._counted", down)
    counter = ratelimit.UNCOUNTED.labels("key")._value
    before = counter.get()

    assert [client.get(PROBE).status_code for _ in range(3)] == [200, 200, 200]
    assert counter.get() == before + 3
