"""One effect per key, for ever; and the tombstone that keeps a request from ever happening."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2

from tests.support.bank import BankAccount, BankService


def authorize(bank: BankAccount, key: str = "opn_1", **fields: Any) -> httpx2.Response:
    body = {"amount": 4999, "currency": "EUR", "source": "pm_card_visa", "reference": key, "payment_reference": "pay_1"}
    return bank.request("POST", "/v1/payments", {**body, **fields}, key=key)


def void_if_absent(bank: BankAccount, key: str) -> dict[str, Any]:
    body = {"target_key": key, "reference": "opn_void"}
    answer: dict[str, Any] = bank.request("POST", "/v1/void_if_absent", body).json()
    return answer


def kinds(bank: BankAccount) -> list[str]:
    return [line["kind"] for line in bank.journal()]


def test_the_same_key_and_body_get_the_same_bytes(bank_account: BankAccount) -> None:
    first, second = authorize(bank_account), authorize(bank_account)

    assert second.content == first.content
    assert (first.headers.get("Idempotent-Replayed"), second.headers["Idempotent-Replayed"]) == (None, "true")
    assert kinds(bank_account) == ["authorize", "capture"]


def test_a_decline_is_repeated_too(bank_account: BankAccount) -> None:
    first = authorize(bank_account, source="pm_card_chargeDeclined")
    second = authorize(bank_account, source="pm_card_chargeDeclined")

    assert first.status_code == second.status_code == 402
    assert first.content == second.content
    assert kinds(bank_account) == ["decline"]


def test_a_refusal_is_repeated_even_when_it_would_be_granted_now(bank_account: BankAccount) -> None:
    payment = authorize(bank_account, capture=False).json()
    path = f"/v1/payments/{payment['id']}/captures"
    refused = bank_account.request("POST", path, {"amount": 5000, "reference": "opn_2"}, key="opn_2")

    again = bank_account.request("POST", path, {"amount": 5000, "reference": "opn_2"}, key="opn_2")

    assert refused.status_code == again.status_code == 409
    assert refused.content == again.content


def test_another_body_with_the_same_key_is_refused(bank_account: BankAccount) -> None:
    authorize(bank_account)

    answer = authorize(bank_account, amount=5000)

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert bank_account.totals()["capture"] == {"EUR": {"count": 1, "amount": 4999}}


def test_sixteen_times_the_same_key_at_once_is_one_charge(bank_account: BankAccount) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: authorize(bank_account), range(16)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert kinds(bank_account) == ["authorize", "capture"]


def test_accounts_do_not_share_keys(bank_service: BankService, bank_account: BankAccount) -> None:
    other = bank_service.new_account()

    assert authorize(bank_account).json()["id"] != authorize(other).json()["id"]


def test_a_key_never_seen_is_voided_for_ever(bank_account: BankAccount) -> None:
    first = void_if_absent(bank_account, "opn_1")
    again = void_if_absent(bank_account, "opn_1")
    late = authorize(bank_account)
    later = authorize(bank_account)

    assert first["outcome"] == again["outcome"] == "absent_voided"
    for answer in (late, later):
        assert (answer.status_code, answer.json()["code"]) == (409, "voided_by_key")
    assert kinds(bank_account) == ["tombstone"]
    assert bank_account.journal()[0]["key"] == "opn_1"


def test_a_key_that_was_carried_out_keeps_its_outcome(bank_account: BankAccount) -> None:
    payment = authorize(bank_account).json()

    word = void_if_absent(bank_account, "opn_1")

    assert (word["outcome"], word["answer"]["status"]) == ("seen", 201)
    assert word["answer"]["body"] == payment
    assert word["payment"]["status"] == "captured"
    assert authorize(bank_account).json() == payment
    assert kinds(bank_account) == ["authorize", "capture"]


def test_the_word_about_a_declined_key(bank_account: BankAccount) -> None:
    authorize(bank_account, source="pm_card_chargeDeclined")

    word = void_if_absent(bank_account, "opn_1")

    assert (word["answer"]["status"], word["payment"]["decline_code"]) == (402, "generic_decline")


def test_void_if_absent_waits_for_a_request_in_flight(bank_service: BankService, bank_account: BankAccount) -> None:
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(authorize, bank_account, metadata={"simulate": "delay_before_commit:5"})
        _wait_until_in_flight(bank_service)
        word = void_if_absent(bank_account, "opn_1")
        answer = slow.result()

    assert (answer.status_code, answer.json()["status"]) == (201, "captured")
    assert (word["outcome"], word["payment"]["id"]) == ("seen", answer.json()["id"])
    assert kinds(bank_account) == ["authorize", "capture"]


def test_a_race_between_request_and_tombstone_has_one_winner(bank_account: BankAccount) -> None:
    keys = [f"opn_race_{number}" for number in range(20)]
    with ThreadPoolExecutor(8) as pool:
        pairs = [
            (pool.submit(authorize, bank_account, key), pool.submit(void_if_absent, bank_account, key)) for key in keys
        ]
        outcomes = {(asked.result().status_code, voided.result()["outcome"]) for asked, voided in pairs}

    assert outcomes <= {(201, "seen"), (409, "absent_voided")}
    charged = {line["key"] for line in bank_account.journal(kind="capture")}
    buried = {line["key"] for line in bank_account.journal(kind="tombstone")}
    assert charged | buried == set(keys)
    assert charged & buried == set()


def test_the_bank_remembers_after_a_hard_stop(bank_service: BankService) -> None:
    account = bank_service.new_account()
    payment = authorize(account, "opn_1").json()
    void_if_absent(account, "opn_2")

    bank_service.stop(kill=True)
    bank_service.start()

    assert authorize(account, "opn_1").json() == payment
    assert authorize(account, "opn_2").json()["code"] == "voided_by_key"


def _wait_until_in_flight(service: BankService) -> None:
    """Until a transaction of the bank sits open, as the delayed request's does."""
    query = (
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'"
        " AND now() - state_change > interval '300 milliseconds'"  # any other lasts a moment
    )
    deadline = time.monotonic() + 60
    while not service.sql(query):
        assert time.monotonic() < deadline, "the slow request never arrived"
        time.sleep(0.02)
