"""Refunds whose end comes later: pending then succeeded, succeeded then returned, pending then failed."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.bank.test_capture_void_refund import authorize, lines, refund
from tests.support.bank import BankAccount, BankService, running_bank
from tests.support.database import Cluster


def shown(bank: BankAccount, payment: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = bank.request("GET", f"/v1/payments/{payment['id']}").json()
    return found


def states(payment: dict[str, Any]) -> tuple[int, list[tuple[str, str | None]]]:
    return payment["amount_refunded"], [(one["status"], one["failure_code"]) for one in payment["refunds"]]


def wait_until_quiet(bank: BankAccount) -> None:
    wait_for(lambda: bank.status()["refunds_waiting"] == 0)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


@pytest.mark.parametrize("number", ["4000000000007726", "pm_card_pendingRefund"])
def test_a_pending_refund_holds_its_amount_and_moves_it_later(bank_account: BankAccount, number: str) -> None:
    source = number if number.startswith("pm_") else bank_account.tokenize(number)
    payment = authorize(bank_account, capture=True, source=source)

    first = refund(bank_account, payment, "rfd_1", amount=400).json()
    too_much = refund(bank_account, payment, "rfd_2", amount=601)
    owed, before = bank_account.status()["refunds_waiting"], lines(bank_account)[2:]
    wait_until_quiet(bank_account)
    replayed = refund(bank_account, payment, "rfd_1", amount=400)

    assert states(first) == (0, [("pending", None)])
    assert first["refunds"][0]["succeeded_at"] is None
    assert (too_much.status_code, too_much.json()["code"]) == (409, "amount_too_large")
    assert (owed, before) == (1, [])
    assert states(shown(bank_account, payment)) == (400, [("succeeded", None)])
    assert lines(bank_account)[2:] == [("refund", 400, "rfd_1")]
    assert replayed.json() == first  # the same bytes for ever: the present state is asked for with a query


def test_a_refund_that_fails_later_brings_the_money_back(bank_account: BankAccount) -> None:
    payment = authorize(bank_account, capture=True, source=bank_account.tokenize("4000000000005126"))

    first = refund(bank_account, payment, "rfd_1", amount=400).json()
    wait_until_quiet(bank_account)
    present = shown(bank_account, payment)

    assert states(first) == (400, [("succeeded", None)])
    assert states(present) == (0, [("failed", "expired_or_canceled_card")])
    assert present["refunds"][0]["succeeded_at"] == first["refunds"][0]["succeeded_at"] is not None
    assert lines(bank_account)[2:] == [("refund", 400, "rfd_1"), ("refund_returned", 400, "rfd_1")]
    sent, returned = bank_account.journal()[2:]
    assert (sent["object"], sent["key"]) == (returned["object"], returned["key"]) == (first["refund"], "rfd_1")
    assert refund(bank_account, payment, "rfd_2").json()["amount_refunded"] == 1000


def test_any_card_can_be_told_and_a_rejected_refund_moves_nothing(bank_account: BankAccount) -> None:
    payment = authorize(bank_account, capture=True)

    rejected = refund(bank_account, payment, "rfd_1", metadata={"simulate": "refund_rejected:0"}).json()
    wait_until_quiet(bank_account)
    bad = refund(bank_account, payment, "rfd_2", metadata={"simulate": "refund_fails:soon"})

    assert states(rejected) == (0, [("pending", None)])
    assert states(shown(bank_account, payment)) == (0, [("failed", "expired_or_canceled_card")])
    assert lines(bank_account)[2:] == []
    assert (bad.status_code, bad.json()["code"]) == (400, "unknown_fault")


def test_what_is_still_to_come_survives_a_crash_of_the_bank(cluster: Cluster) -> None:
    with running_bank(cluster) as bank:
        account = bank.first_account
        pending = authorize(account, capture=True, source="pm_card_pendingRefund", key="opn_a")
        fails = authorize(account, capture=True, source="pm_card_refundFail", key="opn_b")
        refund(account, pending, "rfd_1", metadata={"simulate": "refund_pending:1.5"})
        refund(account, fails, "rfd_2", metadata={"simulate": "refund_fails:1.5"})

        bank.stop(kill=True)
        bank.start()
        wait_until_quiet(account)

        assert states(shown(account, pending)) == (1000, [("succeeded", None)])
        assert states(shown(account, fails)) == (0, [("failed", "expired_or_canceled_card")])
        assert sorted(line["kind"] for line in bank.journal()[4:]) == ["refund", "refund", "refund_returned"]


def test_each_step_is_told_and_a_first_event_that_was_put_off_is_overtaken(
    bank_service: BankService, bank_account: BankAccount
) -> None:
    bank_account.send_webhooks_to("http://127.0.0.1:9/nobody")  # nothing listens: the outbox keeps them
    payment = authorize(bank_account, capture=True)
    refund(
        bank_account, payment, "rfd_1", metadata={"simulate": "refund_fails:0,reorder_webhooks:60,duplicate_webhook"}
    )
    wait_until_quiet(bank_account)

    told = bank_service.sql(
        "SELECT type, next_attempt_at - created_at > interval '50 seconds' FROM bank_webhook"
        f" WHERE account_id = '{bank_account.id}' AND type LIKE 'refund.%' ORDER BY id"
    )

    assert told == [("refund.succeeded", True)] * 2 + [("refund.failed", False)] * 2
