"""A card number belongs into the card fields of the tokenisation call, and nowhere else."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from gateway.api.card_scan import has_card_number
from tests.support.merchants import key_caller, make_tenant

CARD = "4242424242424242"
GOOD: dict[str, Any] = {"amount": 4999, "currency": "EUR"}
PROBE = "/api/v1/probe"


@pytest.fixture
def client(db: None) -> APIClient:
    return key_caller(make_tenant())


def assert_refused(answer: Any, field: str) -> None:
    assert answer.status_code == 400
    assert answer.json()["code"] == "card_number_not_allowed"
    assert [one["field"] for one in answer.json()["errors"]] == [field]
    assert "4242" not in answer.content.decode()


@pytest.mark.parametrize(
    "text",
    [
        CARD,
        f"order {CARD}!",
        "4242 4242 4242 4242",
        "4242-4242-4242-4242",
        "4242.4242.4242.4242",
        "4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2",
        "4242  4242  4242  4242",
        f"12{CARD}34",
        f"{CARD} 12/28 123",
        "４２４２４２４２４２４２４２４２",
        "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢",
        "3782 822463 10005",
    ],
)
def test_a_card_number_is_found_however_it_is_spelled(text: str) -> None:
    assert has_card_number(text)


@pytest.mark.parametrize(
    "text", ["", "4242", "4111111111111112", "42424242", "pay_01k9zj5t2nf8b8b8b8b8b8b8b8", "2026-11-21T08:00:00"]
)
def test_other_text_is_left_alone(text: str) -> None:
    assert not has_card_number(text)


@pytest.mark.urls("tests.api.probe")
@pytest.mark.parametrize("key", [CARD, "\\ud800"])
def test_a_key_that_is_there_twice_is_not_named(client: APIClient, key: str) -> None:
    body: Any = f'{{"{key}": 1, "{key}": 2}}'

    answer = client.generic("POST", PROBE, body, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_body")
    assert "4242" not in answer.content.decode()


@pytest.mark.urls("tests.api.probe")
@pytest.mark.parametrize(
    ("extra", "field"),
    [
        ({"metadata": {"note": f"card {CARD}"}}, "metadata.note"),
        ({"metadata": {CARD: "note"}}, "metadata"),
        ({"card": {"number": "x", "holder_name": CARD}}, "card.holder_name"),
        ({"tags": ["a", CARD]}, "tags.1"),
        ({"amount": int(CARD)}, "amount"),
        ({"unknown": [[{"deep": CARD}]]}, "unknown.0.0.deep"),
        ({CARD: 1}, "body"),
    ],
)
def test_a_card_number_in_the_body_is_refused_and_its_place_named(client: APIClient, extra: Any, field: str) -> None:
    assert_refused(client.post(PROBE, GOOD | extra), field)


@pytest.mark.urls("tests.api.probe")
def test_the_card_field_of_the_view_may_hold_one(client: APIClient) -> None:
    assert client.post(PROBE, GOOD | {"card": {"number": CARD}}).status_code == 201


@pytest.mark.urls("tests.api.probe")
@pytest.mark.parametrize(
    "query", [f"q={CARD}", f"{CARD}=1", "q=4242+4242%204242-4242", "q=%2534242424242424242", f"q=1&note={CARD}"]
)
def test_a_card_number_in_the_query_is_refused(client: APIClient, query: str) -> None:
    assert_refused(client.get(f"{PROBE}?{query}"), "query")


@pytest.mark.parametrize(
    "path",
    [f"/api/v1/{CARD}", f"/api/v1/payments/{CARD}/capture", f"/auth/{CARD}", "/api/v1/4242%204242%204242%204242"],
)
def test_a_card_number_in_the_path_is_refused_wherever_it_leads(client: APIClient, path: str) -> None:
    assert_refused(client.post(path, {}), "path")


@pytest.mark.parametrize("header", ["Idempotency-Key", "X-Request-Id", "User-Agent", "X-Anything"])
def test_a_card_number_in_a_header_is_refused(client: APIClient, header: str) -> None:
    assert_refused(client.get("/api/v1/api_keys", headers={header: f"a {CARD}"}), f"headers.{header}")


def test_a_caller_without_a_key_learns_the_same(db: None) -> None:
    assert_refused(APIClient().get(f"/api/v1/api_keys?q={CARD}"), "query")


def test_signing_in_is_guarded_too(db: None) -> None:
    body = {"email": f"{CARD}@demo.test", "password": "x"}

    assert_refused(APIClient().post("/auth/token", body), "email")
