import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from gateway.core.ids import new_id, to_public
from gateway.core.tenancy import Tenant
from gateway.idempotency.models import IdempotencyKey
from merchants.rules.permissions import Role
from tests.support.events import emit_order_paid
from tests.support.merchants import key_caller, make_tenant, person_caller
from tests.support.receiver import Receiver, answer
from tests.support.work import run_due_work
from webhooks.models import Delivery, Endpoint
from webhooks.services.create_endpoint import CreatedEndpoint

WHY = "a test looks at its own rows"
URL = "/api/v1/webhook_endpoints"


@pytest.fixture
def caller(tenant: Tenant) -> APIClient:
    return key_caller(tenant)


def test_an_endpoint_is_created_with_its_secret_shown_once(
    caller: APIClient, tenant: Tenant, receiver: Receiver
) -> None:
    body = {"url": receiver.url, "enabled_events": ["payment.*"], "description": "Shop", "metadata": {"team": "a"}}

    created = caller.post(URL, body, headers={"Idempotency-Key": "one"})
    again = caller.post(URL, body, headers={"Idempotency-Key": "one"})

    assert created.status_code == again.status_code == 201
    shown = created.json()
    assert shown["secret"].startswith("whsec_")
    assert {name: shown[name] for name in ("object", "url", "enabled_events", "status", "metadata", "livemode")} == {
        "object": "webhook_endpoint",
        "url": receiver.url,
        "enabled_events": ["payment.*"],
        "status": "enabled",
        "metadata": {"team": "a"},
        "livemode": False,
    }
    assert shown["health"]["state"] == "untested"
    # The replay is the stored answer, and that never had the secret.
    assert again.headers["Idempotent-Replayed"] == "true"
    assert {**shown} == {**again.json(), "secret": shown["secret"]}
    assert Endpoint.objects.for_merchant(tenant).count() == 1
    assert shown["secret"] not in str(list(IdempotencyKey.objects.for_merchant(tenant).values()))
    assert "secret" not in caller.get(f"{URL}/{shown['id']}").json()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": 5}, "url"),
        ({"url": "http://10.0.0.1/"}, "url"),
        ({"url": "https://example.com", "enabled_events": []}, "enabled_events"),
        ({"url": "https://example.com", "enabled_events": ["nonsense"]}, "enabled_events"),
        ({"url": "https://example.com", "secret": "whsec_x"}, "secret"),
    ],
)
def test_bad_input_names_the_field_and_keeps_nothing(
    caller: APIClient, tenant: Tenant, body: dict[str, object], field: str
) -> None:
    answered = caller.post(URL, body)

    assert answered.status_code == 400
    assert field in {error["field"].split(".")[0] for error in answered.json()["errors"]}
    assert not Endpoint.objects.for_merchant(tenant).exists()


def test_owner_colleague_and_stranger(tenant: Tenant, created: CreatedEndpoint) -> None:
    path = f"{URL}/{created.endpoint.public_id}"
    owner, viewer = person_caller(tenant, Role.ADMIN), person_caller(tenant, Role.VIEWER)
    stranger = key_caller(make_tenant())

    assert owner.get(path).status_code == 200
    assert viewer.get(path).status_code == 200
    assert viewer.patch(path, {"status": "paused"}).status_code == 403
    assert stranger.get(path).status_code == 404
    assert stranger.delete(path).status_code == 404
    assert APIClient().get(path).status_code == 401
    assert created.endpoint.status == Endpoint.objects.for_merchant(tenant).get().status == "enabled"
    assert owner.patch(path, {"status": "paused"}).json()["status"] == "paused"
    assert owner.patch(path, {"status": "enabled", "url": "https://example.com/new"}).json()["version"] == 3
    assert owner.delete(path).json() == {
        "id": created.endpoint.public_id,
        "object": "webhook_endpoint",
        "deleted": True,
    }
    assert owner.get(path).status_code == 404


def test_the_list_of_endpoints(caller: APIClient, created: CreatedEndpoint) -> None:
    listed = caller.get(URL).json()

    assert [row["id"] for row in listed["data"]] == [created.endpoint.public_id]
    assert listed["has_more"] is False


def test_a_rotation_shows_the_new_secret(caller: APIClient, created: CreatedEndpoint) -> None:
    path = f"{URL}/{created.endpoint.public_id}/rotate_secret"

    rotated = caller.post(path, {"overlap_hours": 1})

    assert rotated.status_code == 200
    assert rotated.json()["secret"] not in ("", created.secret)
    assert caller.post(path, {"overlap_hours": "1"}).status_code == 400


def test_deliveries_can_be_listed_polled_read_and_sent_again(
    caller: APIClient, tenant: Tenant, created: CreatedEndpoint, receiver: Receiver
) -> None:
    events = []
    for behaviours in ([], [], [], [], [answer(500)]):
        receiver.behaviours = behaviours
        events.append(emit_order_paid(tenant))
        run_due_work()
    path = f"{URL}/{created.endpoint.public_id}/deliveries"

    newest_first = caller.get(path).json()["data"]
    polled = caller.get(path, {"after_seq": "1", "limit": "3", "expand": "event"}).json()
    failed = caller.get(path, {"status": "pending"}).json()["data"]

    assert [row["sequence"] for row in newest_first] == [5, 4, 3, 2, 1]
    assert [row["sequence"] for row in polled["data"]] == [2, 3, 4]
    assert polled["has_more"] is True
    assert polled["data"][0]["event"]["type"] == "order.paid"
    assert [row["event"] for row in failed] == [events[-1].public_id]
    assert caller.get(path, {"after_seq": "x"}).status_code == 400
    assert caller.get(path, {"nonsense": "1"}).status_code == 400

    one = f"/api/v1/deliveries/{failed[0]['id']}"
    retried = caller.post(f"{one}/retry")
    run_due_work()

    assert retried.status_code == 200
    shown = caller.get(one).json()
    assert (shown["status"], shown["attempts"], shown["sequence"]) == ("delivered", 2, 5)
    assert [attempt["response_status"] for attempt in shown["attempt_history"]] == [500, 200]
    stranger = key_caller(make_tenant())
    assert stranger.get(one).status_code == 404
    assert stranger.post(f"{one}/retry").status_code == 404
    assert len(caller.get("/api/v1/deliveries", {"endpoint": created.endpoint.public_id}).json()["data"]) == 5


def test_a_test_event_is_sent_and_answered(caller: APIClient, created: CreatedEndpoint, receiver: Receiver) -> None:
    answered = caller.post(f"{URL}/{created.endpoint.public_id}/test")
    run_due_work()

    assert answered.status_code == 201
    assert answered.json()["type"] == "webhook_endpoint.test"
    assert [request.headers["webhook-id"] for request in receiver.requests] == [answered.json()["id"]]


def test_events_can_be_listed_read_and_replayed(
    caller: APIClient, tenant: Tenant, created: CreatedEndpoint, receiver: Receiver
) -> None:
    began = timezone.now()
    first = emit_order_paid(tenant)
    second = emit_order_paid(tenant, type="payment.succeeded")
    run_due_work()

    listed = caller.get("/api/v1/events").json()["data"]
    payments = caller.get("/api/v1/events", {"type": "payment.*"}).json()["data"]
    shown = caller.get(f"/api/v1/events/{first.public_id}").json()
    replayed = caller.post(f"/api/v1/events/{first.public_id}/replay")
    ranged = caller.post("/api/v1/events/replay", {"created_gte": began.isoformat(), "types": ["payment.*"]})
    run_due_work()

    assert [row["id"] for row in listed] == [second.public_id, first.public_id]
    assert [row["id"] for row in payments] == [second.public_id]
    assert (shown["type"], shown["data"]["object"]["amount"]) == ("order.paid", 4999)
    assert replayed.json() == ranged.json() == {"object": "replay", "deliveries": 1}
    assert sorted(request.headers["webhook-id"] for request in receiver.requests) == sorted(
        [first.public_id, second.public_id] * 2
    )
    assert sorted(Delivery.objects.unscoped(WHY).values_list("sequence", flat=True)) == [1, 2]
    stranger = key_caller(make_tenant())
    assert stranger.get("/api/v1/events").json()["data"] == []
    assert stranger.post(f"/api/v1/events/{first.public_id}/replay").status_code == 404
    assert caller.get(f"/api/v1/events/{to_public('evt', new_id())}").status_code == 404
