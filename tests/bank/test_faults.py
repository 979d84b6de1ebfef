"""Faults strike the first request with a key, as asked; whatever comes after is answered truthfully."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from tests.support.bank import BankAccount


def authorize(bank: BankAccount, key: str = "opn_1", simulate: str = "", timeout_s: float = 40) -> httpx2.Response:
    body = {"amount": 4999, "currency": "EUR", "source": "pm_card_visa", "reference": key, "payment_reference": "pay_1"}
    if simulate:
        body["metadata"] = {"simulate": simulate}
    return bank.request("POST", "/v1/payments", body, key=key, timeout_s=timeout_s)


# The last for a machine on which a question takes seconds.
DELAYS_S = (1.5, 6, 24)


def kinds(bank: BankAccount) -> list[str]:
    return [line["kind"] for line in bank.journal()]


def payments(bank: BankAccount) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = bank.request("GET", "/v1/payments?payment_reference=pay_1").json()["data"]
    return found


@pytest.mark.parametrize("operation", ["authorize", "capture", "void", "refund"])
def test_a_dropped_response_is_a_closed_connection_after_the_commit(bank_account: BankAccount, operation: str) -> None:
    path, body, charged = _prepared(bank_account, operation)

    with pytest.raises(httpx2.RemoteProtocolError):
        bank_account.request("POST", path, {**body, "metadata": {"simulate": "drop_response"}}, key="opn_x")
    resent = bank_account.request("POST", path, {**body, "metadata": {"simulate": "drop_response"}}, key="opn_x")

    assert resent.status_code in (200, 201)
    assert resent.headers["Idempotent-Replayed"] == "true"
    assert kinds(bank_account)[charged:] == {"authorize": ["authorize", "capture"]}.get(operation, [operation])


def test_error_500_after_the_commit(bank_account: BankAccount) -> None:
    failed = authorize(bank_account, simulate="error_500_after_commit")
    resent = authorize(bank_account, simulate="error_500_after_commit")

    assert (failed.status_code, resent.status_code) == (500, 201)
    assert kinds(bank_account) == ["authorize", "capture"]


def test_error_500_before_the_commit_leaves_nothing(bank_account: BankAccount) -> None:
    failed = authorize(bank_account, simulate="error_500_before_commit")

    assert failed.status_code == 500
    assert kinds(bank_account) == []
    assert payments(bank_account) == []
    assert authorize(bank_account, simulate="error_500_before_commit").status_code == 201
    assert kinds(bank_account) == ["authorize", "capture"]


def test_rate_limited_does_nothing_and_says_when_to_come_back(bank_account: BankAccount) -> None:
    limited = authorize(bank_account, simulate="rate_limited")

    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "1")
    assert kinds(bank_account) == []
    assert authorize(bank_account, simulate="rate_limited").status_code == 201


def test_a_delay_before_the_commit_hides_the_charge_until_then(bank_account: BankAccount) -> None:
    for seconds in DELAYS_S:
        key, fault = f"opn_{seconds}", f"delay_before_commit:{seconds}"
        seen = known = payments(bank_account)
        started = time.monotonic()
        with ThreadPoolExecutor(1) as pool:
            slow = pool.submit(authorize, bank_account, key, fault)
            while time.monotonic() - started < seconds / 2:
                seen = payments(bank_account)
            in_time = time.monotonic() - started < seconds
            assert slow.result().status_code == 201
        assert time.monotonic() - started >= seconds
        assert authorize(bank_account, key, fault).headers["Idempotent-Replayed"] == "true"
        assert kinds(bank_account) == ["authorize", "capture"] * (len(known) + 1)
        if in_time:
            assert seen == known
            return
    pytest.fail("no question was answered within the longest delay")


def test_a_delay_after_the_commit_answers_late_about_what_is_done(bank_account: BankAccount) -> None:
    for seconds in DELAYS_S:
        key, fault, known = f"opn_{seconds}", f"delay_after_commit:{seconds}", len(payments(bank_account))
        with ThreadPoolExecutor(1) as pool:
            slow = pool.submit(authorize, bank_account, key, fault)
            _wait_for(lambda known=known: len(payments(bank_account)) > known)
            was_unanswered = not slow.done()
            assert slow.result().status_code == 201
        started = time.monotonic()
        resent = authorize(bank_account, key, fault)
        assert {payment["status"] for payment in payments(bank_account)} == {"captured"}
        assert resent.headers["Idempotent-Replayed"] == "true"
        if was_unanswered and time.monotonic() - started < seconds:
            return
    pytest.fail("what was done was never seen before its answer, or was answered late again")


def test_never_answer_is_on_its_way_until_released_and_a_tombstone_beats_it(bank_account: BankAccount) -> None:
    with ThreadPoolExecutor(1) as pool:
        stuck = pool.submit(authorize, bank_account, "opn_1", "never_answer")
        _wait_until_held(bank_account)
        nothing_yet = payments(bank_account)
        word = bank_account.request("POST", "/v1/void_if_absent", {"target_key": "opn_1"}).json()
        bank_account.request("POST", "/v1/faults/release")
        with pytest.raises(httpx2.RemoteProtocolError):
            stuck.result()

    assert nothing_yet == []
    assert word["outcome"] == "absent_voided"
    assert kinds(bank_account) == ["tombstone"]


def test_never_answer_is_carried_out_when_it_arrives_after_all(bank_account: BankAccount) -> None:
    with ThreadPoolExecutor(1) as pool:
        stuck = pool.submit(authorize, bank_account, "opn_1", "never_answer")
        _wait_until_held(bank_account)
        bank_account.request("POST", "/v1/faults/release")
        with pytest.raises(httpx2.RemoteProtocolError):
            stuck.result()

    assert authorize(bank_account, "opn_1", "never_answer").json()["status"] == "captured"
    assert kinds(bank_account) == ["authorize", "capture"]


def test_a_resend_overtakes_a_stuck_request_and_there_is_one_charge(bank_account: BankAccount) -> None:
    with ThreadPoolExecutor(1) as pool:
        stuck = pool.submit(authorize, bank_account, "opn_1", "never_answer")
        _wait_until_held(bank_account)
        resent = authorize(bank_account, "opn_1", "never_answer")
        bank_account.request("POST", "/v1/faults/release")
        with pytest.raises(httpx2.RemoteProtocolError):
            stuck.result()

    assert resent.status_code == 201
    assert kinds(bank_account) == ["authorize", "capture"]


def test_late_success_declines_first_and_charges_later(bank_account: BankAccount) -> None:
    first = authorize(bank_account, simulate="late_success:1")
    word = bank_account.request("POST", "/v1/void_if_absent", {"target_key": "opn_1"}).json()
    _wait_for(lambda: payments(bank_account)[0]["status"] == "captured")

    assert (first.status_code, first.json()["decline_code"]) == (402, "generic_decline")
    assert (word["outcome"], word["answer"]["status"]) == ("seen", 402)
    assert kinds(bank_account) == ["decline", "authorize", "capture"]
    assert payments(bank_account)[0]["decline_code"] is None


def test_late_success_never_comes_after_a_tombstone(bank_account: BankAccount) -> None:
    bank_account.request("POST", "/v1/void_if_absent", {"target_key": "opn_1"})

    assert authorize(bank_account, simulate="late_success:0").json()["code"] == "voided_by_key"
    assert bank_account.status()["late_successes_waiting"] == 0
    assert kinds(bank_account) == ["tombstone"]


def test_planned_faults_strike_the_next_new_keys_and_repeat_by_seed(bank_account: BankAccount) -> None:
    def answers(prefix: str) -> list[int]:
        bank_account.set_fault("rate_limited", "error_500_after_commit", next_requests=6, seed=7)
        return [authorize(bank_account, f"{prefix}{number}").status_code for number in range(8)]

    first, second = answers("opn_a"), answers("opn_b")

    assert first == second
    assert set(first[:6]) == {429, 500}
    assert first[6:] == [201, 201]


def test_a_plan_passes_over_resends_and_other_operations(bank_account: BankAccount) -> None:
    authorize(bank_account, "opn_1")
    bank_account.set_fault("rate_limited", operations=("refund",))

    assert authorize(bank_account, "opn_1").status_code == 201
    assert authorize(bank_account, "opn_2").status_code == 201
    path = f"/v1/payments/{payments(bank_account)[0]['id']}/refunds"
    assert bank_account.request("POST", path, {"reference": "rfd_1"}, key="rfd_1").status_code == 429
    assert bank_account.request("POST", path, {"reference": "rfd_1"}, key="rfd_1").status_code == 201


def test_the_issuer_can_be_told_what_to_do_and_does_it_for_every_request_with_the_key(
    bank_account: BankAccount,
) -> None:
    declined = authorize(bank_account, "opn_1", "decline:insufficient_funds").json()
    waiting = authorize(bank_account, "opn_2", "three_d_secure").json()
    failed = authorize(bank_account, "opn_3", "decline:lost_card,error_500_before_commit")
    resent = authorize(bank_account, "opn_3", "decline:lost_card,error_500_before_commit").json()
    unknown = authorize(bank_account, "opn_4", "decline:bad_weather")

    assert (declined["status"], declined["decline_code"]) == ("declined", "insufficient_funds")
    assert waiting["status"] == "requires_action"
    assert failed.status_code == 500
    assert (resent["status"], resent["decline_code"]) == ("declined", "lost_card")
    assert (unknown.status_code, unknown.json()["code"]) == (400, "unknown_fault")


def test_a_plan_can_be_ended(bank_account: BankAccount) -> None:
    bank_account.set_fault("rate_limited", next_requests=100)
    bank_account.clear_faults()

    assert authorize(bank_account).status_code == 201
    assert bank_account.request("GET", "/v1/faults").json()["data"] == []


@pytest.mark.parametrize(
    "plan",
    [{"faults": []}, {"faults": ["flood"]}, {"faults": [""]}, {"faults": ["rate_limited"], "next": 0}, {"faults": "x"}],
)
def test_a_senseless_plan_is_refused(bank_account: BankAccount, plan: dict[str, Any]) -> None:
    assert bank_account.request("POST", "/v1/faults", plan).status_code == 400


def _prepared(bank: BankAccount, operation: str) -> tuple[str, dict[str, Any], int]:
    """Path and body of the operation, and how many lines the journal has before it."""
    if operation == "authorize":
        return "/v1/payments", {"amount": 10, "currency": "EUR", "source": "pm_card_visa", "reference": "opn_x"}, 0
    body = {"amount": 10, "currency": "EUR", "source": "pm_card_visa", "reference": "opn_0"}
    payment = bank.request("POST", "/v1/payments", {**body, "capture": operation == "refund"}, key="opn_0").json()
    name = {"capture": "captures", "void": "void", "refund": "refunds"}[operation]
    return f"/v1/payments/{payment['id']}/{name}", {"reference": "opn_x"}, len(bank.journal())


def _wait_until_held(bank: BankAccount) -> None:
    _wait_for(lambda: bank.status()["requests_held"] == 1)


def _wait_for(condition: Any) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)
