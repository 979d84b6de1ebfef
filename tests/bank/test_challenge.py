"""The bank's own page: one decision, whoever comes first; everything after that only leads back."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from tests.support.bank import BankAccount, BankService, http_client

RETURN_URL = "https://shop.example/return?order=7"


def waiting(bank: BankAccount, source: str = "pm_card_authenticationRequired", **fields: Any) -> dict[str, Any]:
    body = {"amount": 4999, "currency": "EUR", "source": source, "reference": "opn_1", "return_url": RETURN_URL}
    payment: dict[str, Any] = bank.request("POST", "/v1/payments", {**body, **fields}, key="opn_1").json()
    assert payment["status"] == "requires_action"
    return payment


def upi_waiting(bank: BankAccount) -> dict[str, Any]:
    token = bank.request("POST", "/v1/tokens", {"type": "upi", "upi": {"vpa": "pending@upi"}}).json()["id"]
    return waiting(bank, token, currency="INR")


def present(bank: BankAccount, payment: dict[str, Any]) -> dict[str, Any]:
    state: dict[str, Any] = bank.request("GET", f"/v1/payments/{payment['id']}").json()
    return state


def get(url: str) -> httpx2.Response:
    with http_client(20) as client:
        return client.get(url)


def kinds(bank: BankAccount) -> list[str]:
    return [line["kind"] for line in bank.journal()]


@pytest.mark.parametrize(
    ("decision", "code", "status", "decline", "lines"),
    [
        ("approve", "", "captured", None, ["authorize", "capture"]),
        ("approve", "1234", "captured", None, ["authorize", "capture"]),
        ("approve", "12 34 56", "captured", None, ["authorize", "capture"]),
        ("approve", "1234567890", "captured", None, ["authorize", "capture"]),
        ("approve", "123", "declined", "authentication_failed", ["decline"]),
        ("fail", "", "declined", "authentication_failed", ["decline"]),
        ("fail", "1234", "declined", "authentication_failed", ["decline"]),
        ("cancel", "", "failed", "payment_cancelled", ["decline"]),
    ],
)
def test_a_decision_settles_the_payment_and_leads_back(
    bank_account: BankAccount, decision: str, code: str, status: str, decline: str | None, lines: list[str]
) -> None:
    payment = waiting(bank_account)

    answer = bank_account.decide(payment["next_action"]["url"], decision, code)

    assert (answer.status_code, answer.headers["Location"]) == (303, RETURN_URL)
    settled = present(bank_account, payment)
    assert (settled["status"], settled["decline_code"], settled["next_action"]) == (status, decline, None)
    assert kinds(bank_account) == lines


@pytest.mark.parametrize("code", ["12a4", "12345678901", "x-y-z"])
def test_what_is_no_code_is_said_on_the_page_and_changes_nothing(bank_account: BankAccount, code: str) -> None:
    payment = waiting(bank_account)

    answer = bank_account.decide(payment["next_action"]["url"], "approve", code)

    assert answer.status_code == 422
    assert 'role="alert"' in answer.text and 'aria-invalid="true"' in answer.text
    assert code not in answer.text
    assert present(bank_account, payment)["status"] == "requires_action"


@pytest.mark.parametrize(
    ("source", "decline"),
    [
        ("pm_card_threeDSecureRequiredChargeDeclined", "generic_decline"),
        ("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", "insufficient_funds"),
    ],
)
def test_some_cards_are_declined_after_authentication(bank_account: BankAccount, source: str, decline: str) -> None:
    payment = waiting(bank_account, source)

    bank_account.decide(payment["next_action"]["url"])

    settled = present(bank_account, payment)
    assert (settled["status"], settled["decline_code"]) == ("declined", decline)
    assert settled["three_d_secure"] == {"result": "authenticated"}


@pytest.mark.parametrize(
    ("decision", "status", "decline"),
    [("approve", "captured", None), ("fail", "declined", "upi_declined"), ("cancel", "failed", "payment_cancelled")],
)
def test_upi_is_decided_on_the_page(bank_account: BankAccount, decision: str, status: str, decline: str | None) -> None:
    payment = upi_waiting(bank_account)
    assert "UPI" in get(payment["next_action"]["url"]).text

    bank_account.decide(payment["next_action"]["url"], decision)

    settled = present(bank_account, payment)
    assert (settled["status"], settled["decline_code"]) == (status, decline)


def test_a_replayed_decision_changes_nothing_and_leads_back(bank_account: BankAccount) -> None:
    payment = waiting(bank_account)
    url = payment["next_action"]["url"]
    bank_account.decide(url, "approve")

    replays = [bank_account.decide(url, "cancel"), bank_account.decide(url, "approve"), get(url)]

    assert [(answer.status_code, answer.headers["Location"]) for answer in replays] == [(303, RETURN_URL)] * 3
    assert present(bank_account, payment)["status"] == "captured"
    assert kinds(bank_account) == ["authorize", "capture"]


def test_approving_after_a_void_changes_nothing(bank_account: BankAccount) -> None:
    payment = waiting(bank_account)
    void = bank_account.request("POST", f"/v1/payments/{payment['id']}/void", {"reference": "opn_v"}, key="opn_v")

    bank_account.decide(payment["next_action"]["url"], "approve")

    assert void.json()["status"] == "voided"
    assert present(bank_account, payment) == void.json()
    assert [(line["kind"], line["amount"]) for line in bank_account.journal()] == [("void", 0)]


def test_an_approval_first_wins_over_a_void(bank_account: BankAccount) -> None:
    payment = waiting(bank_account)
    bank_account.decide(payment["next_action"]["url"], "approve")

    void = bank_account.request("POST", f"/v1/payments/{payment['id']}/void", {"reference": "opn_v"}, key="opn_v")

    assert (void.status_code, void.json()["payment"]["status"]) == (409, "captured")


def test_calling_off_a_challenge_never_undoes_an_approval(bank_account: BankAccount) -> None:
    payment = waiting(bank_account, capture=False)
    path, body = f"/v1/payments/{payment['id']}/void", {"reference": "opn_v", "only_if_waiting": True}
    bank_account.decide(payment["next_action"]["url"], "approve")

    void = bank_account.request("POST", path, body, key="opn_v")

    assert (void.status_code, void.json()["code"]) == (409, "not_waiting")
    assert void.json()["payment"]["status"] == present(bank_account, payment)["status"] == "authorized"
    assert kinds(bank_account) == ["authorize"]


def test_a_challenge_that_still_waits_is_called_off(bank_account: BankAccount) -> None:
    payment = waiting(bank_account)
    path, body = f"/v1/payments/{payment['id']}/void", {"reference": "opn_v", "only_if_waiting": True}

    assert bank_account.request("POST", path, body, key="opn_v").json()["status"] == "voided"


def test_void_and_approval_at_once_have_one_winner(bank_account: BankAccount) -> None:
    payment = waiting(bank_account)
    path = f"/v1/payments/{payment['id']}/void"

    with ThreadPoolExecutor(4) as pool:
        void = pool.submit(bank_account.request, "POST", path, {"reference": "opn_v"}, key="opn_v")
        approvals = [pool.submit(bank_account.decide, payment["next_action"]["url"]) for _ in range(3)]
        assert {approval.result().status_code for approval in approvals} == {303}

    lines = kinds(bank_account)
    assert lines in (["void"], ["authorize", "capture"])
    assert (void.result().status_code == 200) == (lines == ["void"])


def test_void_if_absent_tells_that_a_payment_waits_and_leaves_it_waiting(bank_account: BankAccount) -> None:
    payment = waiting(bank_account)

    word = bank_account.request("POST", "/v1/void_if_absent", {"target_key": "opn_1"}).json()

    assert (word["outcome"], word["payment"]["status"]) == ("seen", "requires_action")
    assert present(bank_account, payment)["status"] == "requires_action"


def test_without_a_return_address_the_page_says_what_happened(bank_account: BankAccount) -> None:
    payment = waiting(bank_account, return_url="")

    answer = bank_account.decide(payment["next_action"]["url"], "approve")

    assert answer.status_code == 200
    assert "Approved" in answer.text


def test_the_page_can_be_framed_and_needs_no_script(bank_account: BankAccount) -> None:
    payment = waiting(bank_account, statement_descriptor="<b>LUMEN</b>")

    page = get(payment["next_action"]["url"])

    assert page.status_code == 200
    assert "frame-ancestors http: https:" in page.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in page.headers
    assert 'target="_top"' in page.text and 'autocomplete="one-time-code"' in page.text
    assert "<script" not in page.text and "<b>LUMEN" not in page.text
    assert "49.99" in page.text and "Test mode" in page.text


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [(4999, "JPY", "4,999"), (4999, "KWD", "4.999"), (123456789, "EUR", "1,234,567.89"), (5, "USD", "0.05")],
)
def test_amounts_have_the_decimals_of_their_currency(
    bank_account: BankAccount, amount: int, currency: str, text: str
) -> None:
    payment = waiting(bank_account, amount=amount, currency=currency)

    assert f'<span class="facts__amount">{text}</span>' in get(payment["next_action"]["url"]).text


def test_an_unknown_challenge_is_not_found(bank_service: BankService) -> None:
    url = f"{bank_service.base_url}/challenge/guessed"

    assert get(url).status_code == 404
    with http_client(20) as client:
        assert client.post(url, data={"decision": "approve"}).status_code == 404


def test_a_return_address_with_other_letters_leads_back_as_a_uri(bank_account: BankAccount) -> None:
    payment = waiting(bank_account, return_url="https://shop.example/retour/\u00e9t\u00e9?n=1&m=%C3%A9")

    answer = bank_account.decide(payment["next_action"]["url"])

    assert answer.headers["Location"] == "https://shop.example/retour/%C3%A9t%C3%A9?n=1&m=%C3%A9"


def test_an_approval_without_a_capture_is_another_version(bank_account: BankAccount) -> None:
    payment = waiting(bank_account, capture=False)

    bank_account.decide(payment["next_action"]["url"])

    approved = present(bank_account, payment)
    assert approved["status"] == "authorized"
    assert approved["version"] > payment["version"]
