"""The same key is the same operation: at the level of HTTP, where integrators see it."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.db import connections
from django.test import override_settings
from django.utils import timezone
from rest_framework.test import APIClient

from gateway.api import waiting
from gateway.core.tenancy import Tenant
from merchants.models import ApiKey
from tests.support.database import TestDatabase
from tests.support.merchants import caller, key_caller, make_key, make_tenant, person_caller

THINGS = "/api/v1/things"
pytestmark = pytest.mark.urls("tests.api.probe")


@pytest.fixture
def tenant(db: None) -> Tenant:
    return make_tenant()


@pytest.fixture
def client(tenant: Tenant) -> APIClient:
    return key_caller(tenant)


def post(client: APIClient, key: str | None = "k", name: str = "thing", **headers: str) -> Any:
    given = headers if key is None else {"Idempotency-Key": key} | headers
    return client.post(THINGS, {"name": name}, headers=given)


def made(name: str = "thing") -> int:
    return ApiKey.all_rows.filter(name=name).count()


def test_without_a_key_nothing_is_done(client: APIClient) -> None:
    answer = post(client, None)

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")
    assert made() == 0


def test_a_retry_gets_the_same_status_and_bytes_even_when_the_object_has_moved_on(client: APIClient) -> None:
    first = post(client)
    ApiKey.all_rows.filter(name="thing").update(name="changed")
    again = post(client)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again["Content-Type"] == first["Content-Type"] == "application/json"
    assert (first.get("Idempotent-Replayed"), again.get("Idempotent-Replayed")) == (None, "true")
    assert made("changed") + made() == 1


@pytest.mark.parametrize("spelled", ['"k"', " k ", '"k"'])
def test_the_quoted_form_is_the_same_key(client: APIClient, spelled: str) -> None:
    first = post(client, "k")

    assert post(client, spelled).content == first.content
    assert made() == 1


def test_the_same_key_for_another_body_is_refused(client: APIClient) -> None:
    post(client)
    answer = post(client, name="other")

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert made("other") == 0


def test_prefer_is_no_part_of_the_request(client: APIClient) -> None:
    first = post(client)

    assert post(client, Prefer="wait=1").content == first.content


def test_refused_input_is_not_kept(client: APIClient) -> None:
    assert client.post(THINGS, {"name": 5}, headers={"Idempotency-Key": "k"}).status_code == 400

    assert post(client).status_code == 201


def test_a_decided_conflict_is_kept_and_what_it_began_is_not(client: APIClient) -> None:
    first, again = post(client, name="decided"), post(client, name="decided")

    assert (first.status_code, again.status_code) == (409, 409)
    assert again.content == first.content
    assert again["Content-Type"] == "application/problem+json"
    assert again["Idempotent-Replayed"] == "true"
    assert made("decided") == 0


def test_a_conflict_that_passes_by_itself_is_not_kept(client: APIClient) -> None:
    first, again = post(client, name="passing"), post(client, name="passing")

    assert (first.status_code, again.status_code) == (409, 409)
    assert first["Retry-After"] == "1"
    assert not again.has_header("Idempotent-Replayed")


def test_a_crash_is_not_kept_and_leaves_nothing(client: APIClient) -> None:
    first, again = post(client, name="crash"), post(client, name="crash")

    assert (first.status_code, again.status_code) == (500, 500)
    assert not again.has_header("Idempotent-Replayed")
    assert made("crash") == 0


def test_a_replay_is_authorised_first(client: APIClient, tenant: Tenant) -> None:
    post(client)

    assert post(key_caller(tenant, ["payments:read"])).status_code == 403
    assert post(APIClient()).status_code == 401


def test_keys_belong_to_merchant_mode_and_class_of_caller_and_survive_a_rotation(
    client: APIClient, tenant: Tenant
) -> None:
    first = post(client)

    assert post(key_caller(tenant)).content == first.content
    others = [
        key_caller(make_tenant()),
        key_caller(Tenant(tenant.merchant_id, True)),
        person_caller(tenant),
    ]
    for number, other in enumerate(others, start=2):
        answer = post(other)
        assert answer.status_code == 201
        assert not answer.has_header("Idempotent-Replayed")
        assert made() == number


# --- Prefer: wait -----------------------------------------------------------------------------------------------------


def test_an_answer_can_wait_for_the_settled_state_and_replays_that(
    client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def settle_meanwhile(seconds: float) -> None:
        ApiKey.all_rows.filter(name="thing").update(name="settled thing")

    monkeypatch.setattr("gateway.api.waiting.time", SimpleNamespace(monotonic=time.monotonic, sleep=settle_meanwhile))

    first = post(client, Prefer="wait=10")
    ApiKey.all_rows.filter(name="settled thing").update(name="moved on")
    again = post(client, Prefer="wait=10")

    assert first.json()["name"] == "settled thing"
    assert first["Preference-Applied"] == "wait=10"
    assert again.content == first.content
    assert again["Idempotent-Replayed"] == "true"


def test_waiting_ends_with_the_present_state(client: APIClient) -> None:
    answer = post(client, Prefer="wait=1")

    assert (answer.status_code, answer.json()["name"]) == (201, "thing")
    assert answer["Preference-Applied"] == "wait=1"


def test_who_did_not_ask_does_not_wait(client: APIClient) -> None:
    assert not post(client).has_header("Preference-Applied")


def test_beyond_a_quarter_of_the_threads_the_answer_comes_at_once(client: APIClient) -> None:
    waiting._places.cache_clear()
    with override_settings(WEB_THREADS=4), waiting.place(True) as first:
        answer = post(client, Prefer="wait=30")
        assert first
    waiting._places.cache_clear()

    assert answer.status_code == 201
    assert not answer.has_header("Preference-Applied")


def test_a_retry_after_a_crash_in_the_wait_drives_it_to_an_answer(
    client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("killed while it waited")

    with monkeypatch.context() as patched:
        patched.setattr("gateway.api.waiting.until_settled", crash)
        assert post(client, Prefer="wait=5").status_code == 500
    ApiKey.all_rows.filter(name="thing").update(name="settled thing")

    too_early = post(client)
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        resumed = post(client)
        again = post(client)

    assert (too_early.status_code, too_early.json()["code"]) == (409, "idempotency_key_in_use")
    assert too_early["Retry-After"] == "1"
    assert (resumed.status_code, resumed.json()["name"]) == (201, "settled thing")
    assert again.content == resumed.content
    assert made("settled thing") == 1


# --- races ------------------------------------------------------------------------------------------------------------


def test_the_same_key_sixteen_times_at_once_is_one_operation(committed_db: TestDatabase) -> None:
    key, secret = make_key(make_tenant())
    start = threading.Barrier(16)

    def one(_: int) -> Any:
        mine = caller(key.key_id, secret)
        start.wait()
        try:
            return post(mine)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(one, range(16)))

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"idempotency_key_in_use"}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert (
        sum(1 for answer in answers if answer.status_code == 201 and not answer.has_header("Idempotent-Replayed")) == 1
    )
    assert made() == 1
