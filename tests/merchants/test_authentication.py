"""From credentials to a caller, and everything that is not one."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from gateway.core.tenancy import Tenant
from merchants.models import ApiKey, PublishableKey
from merchants.services.create_publishable_key import create_publishable_key
from merchants.services.note_key_use import note_key_use
from merchants.services.revoke_api_key import revoke_api_key
from tests.support.merchants import caller, make_key, make_tenant

pytestmark = pytest.mark.django_db
KEYS = "/api/v1/api_keys"


@pytest.fixture
def tenant() -> Tenant:
    return make_tenant()


def with_basic(text: str | bytes) -> APIClient:
    encoded = base64.b64encode(text.encode() if isinstance(text, str) else text).decode()
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Basic {encoded}")
    return client


def test_basic_and_the_header_pair_are_the_same_caller(tenant: Tenant) -> None:
    key, secret = make_key(tenant)

    by_basic = with_basic(f"{key.key_id}:{secret}").get(KEYS)
    by_headers = caller(key.key_id, secret).get(KEYS)

    assert (by_basic.status_code, by_headers.status_code) == (200, 200)
    assert [one["key_id"] for one in by_basic.json()["data"]] == [key.key_id]


def test_wrong_credentials_are_a_401_that_does_not_say_what_was_wrong(tenant: Tenant) -> None:
    key, secret = make_key(tenant)
    other, other_secret = make_key(tenant)
    attempts = [
        with_basic(f"{key.key_id}:{secret}x"),
        with_basic(f"{key.key_id}:"),
        with_basic(f"{key.key_id}:{other_secret}"),
        with_basic(f"key_test_unknown:{secret}"),
        with_basic(":"),
        with_basic("nothing"),
        with_basic(b"\xff\xfe"),
        with_basic("key\x00id:secret"),
        with_basic("k" * 5000),
        with_basic(f"{key.public_id}:{secret}"),
        caller(key.key_id, ""),
        caller("pk_test_unknown"),
        caller(f"{other.key_id} ", secret),
    ]

    bodies = []
    for client in attempts:
        answer = client.get(KEYS)
        assert answer.status_code == 401
        bodies.append((answer.json()["code"], answer.json()["detail"]))

    assert set(bodies) == {("unauthenticated", "The credentials are missing or wrong.")}


@pytest.mark.parametrize(
    "header", ["Basic", "Basic !!!", "Basic  ", "Digest x", "Bearer", "Bearer x.y.z", "Bearer null", "Token x"]
)
def test_a_malformed_header_is_a_401(header: str) -> None:
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=header)

    assert client.get(KEYS).status_code == 401


def test_a_revoked_key_is_refused_at_once_and_says_so_to_who_knows_the_secret(tenant: Tenant) -> None:
    key, secret = make_key(tenant)
    assert caller(key.key_id, secret).get(KEYS).status_code == 200

    revoke_api_key(tenant=tenant, api_key_id=key.id)

    assert caller(key.key_id, secret).get(KEYS).json()["code"] == "api_key_revoked"
    assert caller(key.key_id, "wrong").get(KEYS).json()["code"] == "unauthenticated"


def test_an_expired_key_is_refused(tenant: Tenant) -> None:
    key, secret = make_key(tenant, expires_at=timezone.now() + timedelta(seconds=30))
    client = caller(key.key_id, secret)
    assert client.get(KEYS).status_code == 200

    ApiKey.all_rows.filter(pk=key.pk).update(expires_at=timezone.now())

    answer = client.get(KEYS)
    assert (answer.status_code, answer.json()["code"]) == (401, "api_key_expired")


def test_a_publishable_key_needs_no_secret_and_may_next_to_nothing(tenant: Tenant) -> None:
    key = create_publishable_key(tenant=tenant, name="Shop")

    assert with_basic(f"{key.value}:").get(KEYS).status_code == 403
    assert caller(key.value).get(KEYS).status_code == 403


def test_a_revoked_publishable_key_is_a_401(tenant: Tenant) -> None:
    key = create_publishable_key(tenant=tenant, name="Shop")
    PublishableKey.all_rows.filter(pk=key.pk).update(revoked_at=timezone.now())

    assert caller(key.value).get(KEYS).status_code == 401


def test_the_mode_comes_from_the_key() -> None:
    test = make_tenant()
    live = Tenant(test.merchant_id, True)
    test_key, test_secret = make_key(test)
    live_key, live_secret = make_key(live)

    assert test_key.key_id.startswith("key_test_")
    assert live_key.key_id.startswith("key_live_")
    assert [one["id"] for one in caller(test_key.key_id, test_secret).get(KEYS).json()["data"]] == [test_key.public_id]
    assert [one["id"] for one in caller(live_key.key_id, live_secret).get(KEYS).json()["data"]] == [live_key.public_id]


def test_last_use_is_written_at_most_once_a_minute(tenant: Tenant, django_assert_num_queries: Any) -> None:
    key, _ = make_key(tenant)
    note_key_use(key=key)
    key.refresh_from_db()
    first = key.last_used_at
    assert first is not None

    with django_assert_num_queries(0):
        note_key_use(key=key)

    ApiKey.all_rows.filter(pk=key.pk).update(last_used_at=first - timedelta(seconds=61))
    key.refresh_from_db()
    note_key_use(key=key)
    key.refresh_from_db()
    assert key.last_used_at is not None
    assert key.last_used_at >= first


@pytest.mark.usefixtures("one_window")
def test_guessing_keys_is_stopped_per_address(tenant: Tenant, settings: Any) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"wrong_key": (3, 60)}
    key, secret = make_key(tenant)
    guesses = [caller(key.key_id, f"guess {number}").get(KEYS).status_code for number in range(4)]

    answer = caller(key.key_id, secret).get(KEYS)

    assert guesses == [401, 401, 401, 429]
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_wrong_credentials")
    assert int(answer["Retry-After"]) >= 1
    elsewhere = caller(key.key_id, secret)
    assert elsewhere.get(KEYS, REMOTE_ADDR="192.0.2.7").status_code == 200


def test_only_a_hash_of_the_secret_is_kept(tenant: Tenant) -> None:
    key, secret = make_key(tenant)

    row = ApiKey.all_rows.filter(pk=key.pk).values().get()

    assert secret not in str(row)
    assert row["secret_last4"] == secret[-4:]
    assert len(secret) >= 50
