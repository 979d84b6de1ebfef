"""Notifications: signed, delivered until taken, and out of order only when asked for."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.support.bank import BankAccount, BankService


class Receiver:
    """A merchant's webhook address. `answers` are the statuses of the first deliveries; then 200."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append((dict(self.headers), body))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/hooks?from=bank"

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in list(self.received)]

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        deadline = time.monotonic() + 60
        while len(self.received) < count:
            assert time.monotonic() < deadline, self.events()
            time.sleep(0.02)
        return self.events()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


@pytest.fixture
def account(bank_service: BankService, receiver: Receiver) -> BankAccount:
    return bank_service.new_account(webhook_url=receiver.url)


def authorize(bank: BankAccount, simulate: str = "", key: str = "opn_1", **fields: Any) -> dict[str, Any]:
    body = {"amount": 4999, "currency": "EUR", "source": "pm_card_visa", "reference": key, "payment_reference": "pay_1"}
    body["metadata"] = {"simulate": simulate} if simulate else {}
    payment: dict[str, Any] = bank.request("POST", "/v1/payments", {**body, **fields}, key=key).json()
    return payment


def test_an_event_is_signed_over_its_raw_bytes(account: BankAccount, receiver: Receiver) -> None:
    payment = authorize(account)

    [event] = receiver.wait_for(1)

    headers, body = receiver.received[0]
    parts = dict(part.split("=", 1) for part in headers["Bank-Signature"].split(","))
    expected = hmac.new(account.webhook_secret.encode(), f"{parts['t']}.".encode() + body, hashlib.sha256).hexdigest()
    assert parts["v1"] == expected
    assert abs(int(parts["t"]) - time.time()) < 10
    assert (event["type"], event["account"], event["livemode"]) == ("payment.captured", account.id, False)
    assert event["data"]["object"] == payment


def test_every_change_is_told(account: BankAccount, receiver: Receiver) -> None:
    payment = authorize(account, capture=False)
    path = f"/v1/payments/{payment['id']}"
    account.request("POST", f"{path}/captures", {"amount": 99, "reference": "opn_2"}, key="opn_2")
    account.request("POST", f"{path}/refunds", {"reference": "rfd_1"}, key="rfd_1")
    authorize(account, key="opn_3", source="pm_card_chargeDeclined")
    voided = authorize(account, key="opn_4", capture=False)
    account.request("POST", f"/v1/payments/{voided['id']}/void", {"reference": "opn_5"}, key="opn_5")

    types = sorted(event["type"] for event in receiver.wait_for(6))

    assert types == [
        "payment.authorized",
        "payment.authorized",
        "payment.captured",
        "payment.declined",
        "payment.voided",
        "refund.succeeded",
    ]


def test_a_failed_delivery_is_repeated_with_the_same_id_and_a_fresh_signature(
    account: BankAccount, receiver: Receiver
) -> None:
    receiver.answers = [500, 302]
    authorize(account)

    events = receiver.wait_for(3)

    assert len({event["id"] for event in events}) == 1
    assert len({body for _, body in receiver.received}) == 1
    assert len({headers["Bank-Signature"] for headers, _ in receiver.received}) == 3
    _wait_until_told(account)


def test_duplicate_webhook_sends_the_same_event_twice(account: BankAccount, receiver: Receiver) -> None:
    authorize(account, "duplicate_webhook")

    first, second = receiver.wait_for(2)

    assert first == second


def test_late_webhook_comes_after_the_answer(account: BankAccount, receiver: Receiver) -> None:
    started = time.monotonic()
    authorize(account, "late_webhook:1")
    assert receiver.events() == [] or time.monotonic() - started >= 1.0

    receiver.wait_for(1)

    assert time.monotonic() - started >= 1.0


def test_reordered_webhooks_show_the_past_after_the_present(account: BankAccount, receiver: Receiver) -> None:
    authorize(account, "reorder_webhooks:1")

    newer, older = receiver.wait_for(2)

    assert (newer["type"], newer["data"]["object"]["status"]) == ("payment.captured", "captured")
    assert (older["type"], older["data"]["object"]["status"]) == ("payment.authorized", "authorized")
    assert older["data"]["object"]["version"] < newer["data"]["object"]["version"]


def test_the_customers_decision_is_told_with_the_faults_of_the_payment(
    account: BankAccount, receiver: Receiver
) -> None:
    payment = authorize(account, "duplicate_webhook", source="pm_card_authenticationRequired")
    account.decide(payment["next_action"]["url"])

    types = sorted(event["type"] for event in receiver.wait_for(4))

    assert types == ["payment.captured"] * 2 + ["payment.requires_action"] * 2


def test_what_is_owed_survives_a_hard_stop_of_the_bank(
    bank_service: BankService, account: BankAccount, receiver: Receiver
) -> None:
    authorize(account, "late_webhook:2")

    bank_service.stop(kill=True)
    bank_service.start()

    [event] = receiver.wait_for(1)
    assert event["type"] == "payment.captured"
    _wait_until_told(account)


def _wait_until_told(bank: BankAccount) -> None:
    deadline = time.monotonic() + 60
    while bank.status()["webhooks_waiting"]:
        assert time.monotonic() < deadline, bank.status()
        time.sleep(0.05)
