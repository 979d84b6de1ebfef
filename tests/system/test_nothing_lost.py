"""Whatever dies, every payment that was answered is carried out, once."""

import threading
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from demo.client import Answer, Json
from tests.system.conftest import Scene

pytestmark = pytest.mark.faults


def pay(scene: Scene, *, key: str = "", amount: int = 1_000, wait_s: int = 0) -> Answer:
    """One automatic card payment without an order."""
    body: Json = {"amount": amount, "currency": "EUR", "payment_method": "pm_card_visa"}
    return scene.api.send("POST", "/api/v1/payments", body, key=key or str(uuid.uuid4()), wait_s=wait_s)


def statuses(scene: Scene, payments: list[Json]) -> Counter[str]:
    """How the payments ended."""
    return Counter(scene.api.get(f"/api/v1/payments/{payment['id']}")["status"] for payment in payments)


def test_a_killed_worker_and_a_flushed_broker_in_the_middle_of_100_payments(scene: Scene) -> None:
    scene.system.start()
    answers: list[Answer] = []
    with ThreadPoolExecutor(8) as clients:
        answers += clients.map(lambda _: pay(scene), range(50))
        scene.system.kill("worker")
        scene.system.flush_broker()
        answers += clients.map(lambda _: pay(scene), range(50))
    assert Counter(answer.status for answer in answers) == {201: 100}

    scene.system.start_worker("second")
    scene.wait_quiet()

    assert statuses(scene, [answer.body for answer in answers]) == {"succeeded": 100}
    assert scene.charges() == 100
    assert scene.differences() == []


@pytest.mark.parametrize("place", ["payments.before_send", "payments.after_answer"])
def test_a_worker_that_dies_around_the_send_leaves_one_charge(scene: Scene, place: str) -> None:
    """Between claiming and sending, and between the bank's commit and our settle."""
    scene.system.start_web()
    scene.system.start_beat()
    answer = pay(scene)
    scene.system.start_worker("doomed", crash_point=place)
    scene.system.wait_dead("doomed")
    assert scene.charges() == (0 if place == "payments.before_send" else 1)

    scene.system.start_worker("second")
    scene.wait_quiet()

    assert statuses(scene, [answer.body]) == {"succeeded": 1}
    assert scene.charges() == 1
    assert scene.differences() == []


def test_one_idempotency_key_16_times_at_once_is_one_payment_and_one_charge(scene: Scene) -> None:
    scene.system.start()
    key, barrier = str(uuid.uuid4()), threading.Barrier(16)

    def click(_: int) -> Answer:
        barrier.wait()
        return pay(scene, key=key)

    with ThreadPoolExecutor(16) as clients:
        answers = list(clients.map(click, range(16)))

    assert {answer.status for answer in answers} <= {201, 409}
    payments = {answer.body["id"] for answer in answers if answer.status == 201}
    assert len(payments) == 1
    assert {answer.body["code"] for answer in answers if answer.status == 409} <= {"idempotency_key_in_use"}
    scene.wait_quiet()
    assert scene.charges() == 1
    assert len(scene.api.get("/api/v1/payments")["data"]) == 1


def test_ten_refunds_of_60_percent_at_once_are_one_refund(scene: Scene) -> None:
    scene.system.start()
    payment = pay(scene, amount=10_000, wait_s=20).body
    assert payment["status"] == "succeeded"
    barrier = threading.Barrier(10)

    def refund(_: int) -> Answer:
        barrier.wait()
        return scene.api.send(
            "POST", "/api/v1/refunds", {"payment": payment["id"], "amount": 6_000}, key=str(uuid.uuid4())
        )

    with ThreadPoolExecutor(10) as clients:
        answers = list(clients.map(refund, range(10)))

    assert Counter(answer.status for answer in answers) == {201: 1, 409: 9}
    assert {answer.body["code"] for answer in answers if answer.status == 409} == {"amount_too_large"}
    scene.wait_quiet()
    assert scene.api.get(f"/api/v1/payments/{payment['id']}")["amount_refunded"] == 6_000
    assert scene.differences() == []


def test_work_goes_on_while_the_broker_is_away(scene: Scene) -> None:
    """Nothing listens at the broker's address: requests succeed, and the workers find the work by themselves."""
    scene.system.environment["BROKER_URL"] = "redis://127.0.0.1:1/0"
    scene.system.start_web()
    answer = pay(scene)
    assert answer.status == 201
    scene.system.start_worker("lonely", ready="Cannot connect to")
    scene.wait_quiet()
    assert statuses(scene, [answer.body]) == {"succeeded": 1}
