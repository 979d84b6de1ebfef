"""Everybody at once, on a running system, with exact counts. `make faults` runs the same with thousands."""

import pytest

from bench.faults.client import Client, Witness
from bench.faults.races import Sizes, capture_cancel_refund, refunds_of_sixty_percent, same_key
from tests.system.conftest import Scene

pytestmark = pytest.mark.faults

SIZES = Sizes(keys=10, refunded=3, contested=6)


@pytest.fixture
def client(scene: Scene) -> Client:
    scene.system.start()
    return Client([scene.system.base_url], scene.api.key_id, scene.api.secret, Witness())


def test_a_key_8_times_at_once_is_one_payment(scene: Scene, client: Client) -> None:
    assert same_key(client, SIZES).failures == []
    scene.wait_quiet()
    assert scene.charges() == SIZES.keys
    assert scene.differences() == []


def test_of_20_refunds_of_60_percent_at_once_one_is_accepted(scene: Scene, client: Client) -> None:
    assert refunds_of_sixty_percent(client, SIZES).failures == []
    scene.wait_quiet()
    assert [line["amount"] for line in scene.bank.journal() if line["kind"] == "refund"] == [6_000] * SIZES.refunded
    assert scene.differences() == []


def test_capture_against_cancel_against_refund_ends_in_one_of_them(scene: Scene, client: Client) -> None:
    assert capture_cancel_refund(client, SIZES).failures == []
    scene.wait_quiet()
    assert scene.charges() == sum(
        1 for payment in scene.api.get("/api/v1/payments")["data"] if payment["status"] == "succeeded"
    )
    assert scene.differences() == []


def test_the_providers_webhook_during_the_call_changes_nothing_twice(scene: Scene, client: Client) -> None:
    """The bank's webhooks arrive, twice and in any order, while the requests still wait for their answers."""
    scene.bank.set_fault("duplicate_webhook,delay_after_commit:1", "reorder_webhooks:1", next_requests=100)
    keys = [f"webhook-{number}" for number in range(10)]
    body = {"amount": 1_000, "currency": "EUR", "payment_method": "pm_card_visa"}
    payments = [client.call("POST", "/api/v1/payments", body, key=key, wait_s=5).body for key in keys]
    scene.bank.clear_faults()
    scene.wait_quiet()
    assert {scene.api.get(f"/api/v1/payments/{payment['id']}")["status"] for payment in payments} == {"succeeded"}
    assert scene.charges() == len(keys)
    assert scene.differences() == []
