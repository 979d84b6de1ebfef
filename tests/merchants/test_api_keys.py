"""API keys over the API: owner, colleague and stranger."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from gateway.core.tenancy import Tenant
from merchants.models import ApiKey
from merchants.rules.permissions import Role
from tests.support.merchants import caller, key_caller, make_key, make_tenant, person_caller, publishable_caller

pytestmark = pytest.mark.django_db
KEYS = "/api/v1/api_keys"


@pytest.fixture
def tenant() -> Tenant:
    return make_tenant()


@pytest.fixture
def owner(tenant: Tenant) -> APIClient:
    return person_caller(tenant, Role.ADMIN)


def rows() -> list[dict[str, Any]]:
    """Everything about every key but its last use."""
    return list(
        ApiKey.all_rows.order_by("id").values("id", "scopes", "expires_at", "revoked_at", "replaced_by", "version")
    )


def test_a_new_key_shows_its_secret_once_and_works(owner: APIClient) -> None:
    created = owner.post(KEYS, {"name": "Billing", "scopes": ["keys:read", "payments:read"]})

    assert created.status_code == 201
    body = created.json()
    assert body["object"] == "api_key"
    assert body["scopes"] == ["keys:read", "payments:read"]
    assert body["status"] == "active"
    assert body["secret"].endswith(body["secret_last4"])
    assert created["Cache-Control"] == "no-store"
    with_it = caller(body["key_id"], body["secret"])
    assert with_it.get(KEYS).status_code == 200
    assert with_it.post(KEYS, {"name": "More"}).status_code == 403
    assert "secret" not in owner.get(f"{KEYS}/{body['id']}").json()
    assert all("secret" not in one for one in owner.get(KEYS).json()["data"])


def test_a_replayed_creation_answers_without_the_secret_and_makes_no_second_key(owner: APIClient) -> None:
    first = owner.post(KEYS, {"name": "Billing"}, headers={"Idempotency-Key": "make-one"})
    again = owner.post(KEYS, {"name": "Billing"}, headers={"Idempotency-Key": '"make-one"'})

    assert (first.status_code, again.status_code) == (201, 201)
    assert again["Idempotent-Replayed"] == "true"
    assert not first.has_header("Idempotent-Replayed")
    assert {name: value for name, value in first.json().items() if name != "secret"} == again.json()
    assert first.json()["secret"].encode() not in again.content
    assert ApiKey.all_rows.filter(name="Billing").count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": 5}, "name"),
        ({"name": "x", "scopes": []}, "scopes"),
        ({"name": "x", "scopes": ["payments:everything"]}, "scopes"),
        ({"name": "x", "scopes": ["team:write"]}, "scopes"),
        ({"name": "x", "expires_at": "yesterday"}, "expires_at"),
        ({"name": "x", "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "x", "livemode": True}, "livemode"),
        ({"name": "x", "merchant": "mer_1"}, "merchant"),
    ],
)
def test_bad_input_names_the_field_and_keeps_nothing(owner: APIClient, body: dict[str, Any], field: str) -> None:
    answer = owner.post(KEYS, body)

    assert answer.status_code == 400
    assert [one["field"] for one in answer.json()["errors"]] == [field]
    assert rows() == []


def test_nobody_hands_out_more_than_they_hold(tenant: Tenant) -> None:
    limited = key_caller(tenant, ["keys:read", "keys:write", "payments:read"])
    full, _ = make_key(tenant)
    before = rows()

    for answer in (
        limited.post(KEYS, {"name": "Full"}),
        limited.post(KEYS, {"name": "Refunds", "scopes": ["payments:read", "refunds:write"]}),
        limited.post(f"{KEYS}/{full.public_id}/rotate", {}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "scopes_beyond_caller")
    assert rows() == before
    assert limited.post(KEYS, {"name": "Less", "scopes": ["payments:read"]}).status_code == 201


def test_rotation_keeps_both_keys_for_the_overlap(owner: APIClient, tenant: Tenant) -> None:
    old, old_secret = make_key(tenant, ["keys:read"])

    rotated = owner.post(f"{KEYS}/{old.public_id}/rotate", {"overlap_seconds": 3600})

    assert rotated.status_code == 201
    new = rotated.json()
    assert new["scopes"] == ["keys:read"]
    assert caller(old.key_id, old_secret).get(KEYS).status_code == 200
    assert caller(new["key_id"], new["secret"]).get(KEYS).status_code == 200
    shown = owner.get(f"{KEYS}/{old.public_id}").json()
    assert (shown["status"], shown["replaced_by"], shown["version"]) == ("expiring", new["id"], 2)
    old.refresh_from_db()
    assert old.expires_at is not None
    assert timedelta(minutes=59) < old.expires_at - timezone.now() <= timedelta(hours=1)

    again = owner.post(f"{KEYS}/{old.public_id}/rotate", {})
    assert (again.status_code, again.json()["code"]) == (409, "api_key_not_usable")


def test_rotation_without_overlap_ends_the_old_key_at_once(owner: APIClient, tenant: Tenant) -> None:
    old, old_secret = make_key(tenant)

    assert owner.post(f"{KEYS}/{old.public_id}/rotate", {"overlap_seconds": 0}).status_code == 201

    assert caller(old.key_id, old_secret).get(KEYS).json()["code"] == "api_key_expired"


def test_a_decided_conflict_is_replayed_too(owner: APIClient, tenant: Tenant) -> None:
    key, _ = make_key(tenant)
    owner.post(f"{KEYS}/{key.public_id}/revoke", {})

    first = owner.post(f"{KEYS}/{key.public_id}/rotate", {}, headers={"Idempotency-Key": "rotate"})
    again = owner.post(f"{KEYS}/{key.public_id}/rotate", {}, headers={"Idempotency-Key": "rotate"})

    assert (first.status_code, again.status_code) == (409, 409)
    assert again.content == first.content
    assert again["Content-Type"] == "application/problem+json"
    assert again["Idempotent-Replayed"] == "true"


def test_the_same_key_for_another_request_is_a_422(owner: APIClient) -> None:
    owner.post(KEYS, {"name": "One"}, headers={"Idempotency-Key": "k"})
    answer = owner.post(KEYS, {"name": "Two"}, headers={"Idempotency-Key": "k"})

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert not ApiKey.all_rows.filter(name="Two").exists()


@pytest.mark.parametrize("key", ["x" * 256, "emoji \u2603", "tab\tinside"])
def test_an_idempotency_key_is_printable_ascii_of_bounded_length(owner: APIClient, key: str) -> None:
    answer = owner.post(KEYS, {"name": "One"}, headers={"Idempotency-Key": key})

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_invalid")
    assert rows() == []


def test_revoking_is_final_and_may_be_repeated(owner: APIClient, tenant: Tenant) -> None:
    key, secret = make_key(tenant)

    first = owner.post(f"{KEYS}/{key.public_id}/revoke", {})
    again = owner.post(f"{KEYS}/{key.public_id}/revoke")

    assert (first.status_code, first.json()["status"]) == (200, "revoked")
    assert again.json()["revoked_at"] == first.json()["revoked_at"]
    assert caller(key.key_id, secret).get(KEYS).status_code == 401


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.SUPPORT, Role.VIEWER])
def test_a_colleague_without_the_permission_sees_keys_and_changes_none(tenant: Tenant, role: Role) -> None:
    key, _ = make_key(tenant)
    colleague = person_caller(tenant, role)
    before = rows()

    assert colleague.get(KEYS).status_code == 200
    assert colleague.get(f"{KEYS}/{key.public_id}").status_code == 200
    for answer in (
        colleague.post(KEYS, {"name": "Mine"}),
        colleague.post(f"{KEYS}/{key.public_id}/rotate", {}),
        colleague.post(f"{KEYS}/{key.public_id}/revoke", {}),
    ):
        assert (answer.status_code, answer.json()["required_permission"]) == (403, "keys:write")
    assert rows() == before


@pytest.mark.parametrize("mode", ["another merchant", "the other mode"])
def test_a_stranger_sees_nothing_and_changes_nothing(tenant: Tenant, mode: str) -> None:
    key, _ = make_key(tenant)
    stranger = key_caller(make_tenant() if mode == "another merchant" else Tenant(tenant.merchant_id, True))
    before = rows()

    assert key.public_id not in [one["id"] for one in stranger.get(KEYS).json()["data"]]
    for answer in (
        stranger.get(f"{KEYS}/{key.public_id}"),
        stranger.post(f"{KEYS}/{key.public_id}/rotate", {}),
        stranger.post(f"{KEYS}/{key.public_id}/revoke", {}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert rows() == before


def test_a_page_of_a_shop_and_nobody_at_all_get_nothing(tenant: Tenant) -> None:
    key, _ = make_key(tenant)
    before = rows()

    for client, status in ((publishable_caller(tenant), 403), (APIClient(), 401)):
        assert client.get(KEYS).status_code == status
        assert client.post(KEYS, {"name": "x"}).status_code == status
        assert client.post(f"{KEYS}/{key.public_id}/revoke", {}).status_code == status
    assert rows() == before


@pytest.mark.parametrize(
    "name", ["key_1", "pay_01k9zj5t2nf8b8b8b8b8b8b8b8", "key_01h455vb4pex5vsknk084sn02q", "%00", "x" * 300]
)
def test_an_id_that_names_no_key_is_a_404(owner: APIClient, name: str) -> None:
    assert owner.get(f"{KEYS}/{name}").status_code == 404
    assert owner.post(f"{KEYS}/{name}/revoke", {}).status_code == 404
