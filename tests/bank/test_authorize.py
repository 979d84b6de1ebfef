"""Authorising: every published test input does what it is known for."""

import time
from typing import Any

import httpx2
import pytest

from bank.cards import CARDS, CARDS_BY_NAME, NAMED_CARDS, UPI_ADDRESSES, ThreeDSecure
from tests.support.bank import BankAccount

DECLINING = [card for card in CARDS if card.decline and card.three_d_secure is ThreeDSecure.NOT_ENROLLED]
SUCCEEDING = [
    card
    for card in CARDS
    if not card.decline
    and card.three_d_secure not in (ThreeDSecure.REQUIRED, ThreeDSecure.UNLESS_SET_UP, ThreeDSecure.ALREADY_SET_UP)
    and card.three_d_secure is not ThreeDSecure.REQUIRED_ERROR
]
CHALLENGING = [
    card
    for card in CARDS
    if card.three_d_secure in (ThreeDSecure.REQUIRED, ThreeDSecure.UNLESS_SET_UP, ThreeDSecure.ALREADY_SET_UP)
]


def authorize(bank: BankAccount, source: str, *, key: str = "opn_1", **fields: Any) -> httpx2.Response:
    body = {"amount": 4999, "currency": "EUR", "source": source, "reference": key, "payment_reference": "pay_1"}
    return bank.request("POST", "/v1/payments", {**body, **fields}, key=key)


def lines(bank: BankAccount) -> list[tuple[str, int, str]]:
    return [(line["kind"], line["amount"], line["reference"]) for line in bank.journal()]


def test_automatic_capture_is_one_charge_under_one_key(bank_account: BankAccount) -> None:
    answer = authorize(bank_account, bank_account.tokenize())

    payment = answer.json()
    assert answer.status_code == 201
    assert payment["status"] == "captured"
    assert (payment["amount_authorized"], payment["amount_captured"], payment["amount_refunded"]) == (4999, 4999, 0)
    assert (payment["reference"], payment["payment_reference"]) == ("opn_1", "pay_1")
    assert [(capture["reference"], capture["amount"]) for capture in payment["captures"]] == [("opn_1", 4999)]
    assert lines(bank_account) == [("authorize", 4999, "opn_1"), ("capture", 4999, "opn_1")]
    assert bank_account.totals()["capture"] == {"EUR": {"count": 1, "amount": 4999}}


def test_without_capture_the_money_is_only_held(bank_account: BankAccount) -> None:
    payment = authorize(bank_account, "pm_card_visa", capture=False).json()

    assert payment["status"] == "authorized"
    assert (payment["amount_authorized"], payment["amount_capturable"], payment["amount_captured"]) == (4999, 4999, 0)
    assert lines(bank_account) == [("authorize", 4999, "opn_1")]


def test_the_answer_shows_the_card_masked(bank_account: BankAccount) -> None:
    token = bank_account.tokenize("5105105105105100", exp_month=7)

    card = authorize(bank_account, token).json()["payment_method"]["card"]

    fingerprint = card.pop("fingerprint")
    assert len(fingerprint) == 32
    assert card == {
        "brand": "mastercard",
        "last4": "5100",
        "exp_month": 7,
        "exp_year": time.gmtime().tm_year + 2,
        "funding": "prepaid",
        "country": "US",
    }


@pytest.mark.parametrize("card", SUCCEEDING, ids=lambda card: card.name)
def test_cards_that_succeed(bank_account: BankAccount, card: Any) -> None:
    payment = authorize(bank_account, bank_account.tokenize(card.number)).json()

    assert (payment["status"], payment["decline_code"]) == ("captured", None)
    assert payment["risk"]["level"] == card.risk
    assert payment["checks"] == {
        "cvc": card.cvc_check,
        "line1": card.line1_check,
        "postal_code": card.postal_code_check,
    }


@pytest.mark.parametrize("card", DECLINING, ids=lambda card: card.name)
def test_cards_that_are_declined_tokenise_and_move_nothing(bank_account: BankAccount, card: Any) -> None:
    token = bank_account.tokenize(card.number)

    answer = authorize(bank_account, token)

    assert answer.status_code == 402
    payment = answer.json()
    assert (payment["status"], payment["decline_code"]) == ("declined", card.decline)
    assert payment["decline_message"]
    assert (payment["amount_authorized"], payment["captures"]) == (0, [])
    assert lines(bank_account) == [("decline", 4999, "opn_1")]


@pytest.mark.parametrize("card", CHALLENGING, ids=lambda card: card.name)
def test_cards_that_ask_the_customer_wait_with_a_page(bank_account: BankAccount, card: Any) -> None:
    answer = authorize(bank_account, bank_account.tokenize(card.number), return_url="https://shop.example/back")

    payment = answer.json()
    assert (answer.status_code, payment["status"]) == (201, "requires_action")
    assert payment["next_action"]["type"] == "redirect"
    assert payment["next_action"]["url"].startswith(f"{bank_account.base_url}/challenge/")
    assert lines(bank_account) == []


@pytest.mark.parametrize(
    ("name", "wanted", "status", "decline"),
    [
        ("3ds_required_error", "automatic", "declined", "authentication_error"),
        ("3ds_optional", "always", "requires_action", None),
        ("3ds_optional", "automatic", "captured", None),
        ("3ds_optional_error", "always", "declined", "authentication_error"),
        ("3ds_optional_error", "automatic", "captured", None),
        ("visa", "always", "captured", None),
        ("amex", "always", "captured", None),
    ],
)
def test_asking_for_three_d_secure(
    bank_account: BankAccount, name: str, wanted: str, status: str, decline: str | None
) -> None:
    token = bank_account.tokenize(CARDS_BY_NAME[name].number)

    payment = authorize(bank_account, token, three_d_secure=wanted).json()

    assert (payment["status"], payment["decline_code"]) == (status, decline)


def test_off_session_needs_a_card_that_was_set_up(bank_account: BankAccount) -> None:
    unless_set_up = bank_account.tokenize("4000002500003155")

    refused = authorize(bank_account, unless_set_up, key="opn_1", off_session=True).json()
    waiting = authorize(bank_account, unless_set_up, key="opn_2", setup_future_usage=True).json()
    bank_account.decide(waiting["next_action"]["url"])
    accepted = authorize(bank_account, unless_set_up, key="opn_3", off_session=True).json()
    already = authorize(bank_account, bank_account.tokenize("4000003800000446"), key="opn_4", off_session=True).json()

    assert (refused["status"], refused["decline_code"]) == ("declined", "authentication_required")
    assert accepted["status"] == "captured"
    assert already["status"] == "captured"


def test_a_wrong_cvc_is_only_noticed_when_one_was_given(bank_account: BankAccount) -> None:
    without = authorize(bank_account, bank_account.tokenize("4000000000000127", cvc=""), key="opn_1").json()
    with_cvc = authorize(bank_account, bank_account.tokenize("4000000000000127"), key="opn_2").json()

    assert (without["status"], without["checks"]["cvc"]) == ("captured", "unchecked")
    assert (with_cvc["status"], with_cvc["decline_code"]) == ("declined", "incorrect_cvc")


@pytest.mark.parametrize(
    ("holder", "decline"),
    [("DECLINED", "generic_decline"), ("CARD_EXPIRED", "expired_card"), ("ERROR", "processing_error")],
)
def test_a_holder_name_forces_its_outcome(bank_account: BankAccount, holder: str, decline: str) -> None:
    by_token = authorize(bank_account, bank_account.tokenize(holder_name=holder), key="opn_1").json()
    by_request = authorize(bank_account, "pm_card_visa", key="opn_2", holder_name=holder).json()

    assert by_token["decline_code"] == by_request["decline_code"] == decline


@pytest.mark.parametrize("address", UPI_ADDRESSES)
def test_upi_addresses(bank_account: BankAccount, address: str) -> None:
    token = bank_account.request("POST", "/v1/tokens", {"type": "upi", "upi": {"vpa": address}}).json()

    payment = authorize(bank_account, token["id"], currency="INR").json()

    user, handle = address.split("@")
    expected = {"success": "captured", "failure": "declined", "pending": "requires_action"}[user]
    assert payment["status"] == expected
    assert payment["payment_method"]["upi"]["vpa_masked"] == f"{user[:2]}***@{handle}"


@pytest.mark.parametrize("name", NAMED_CARDS)
def test_names_stand_for_numbers(bank_account: BankAccount, name: str) -> None:
    payment = authorize(bank_account, name).json()

    assert payment["payment_method"]["card"]["last4"] == NAMED_CARDS[name].number[-4:]


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"amount": 0}, "amount", "invalid_amount"),
        ({"amount": -1}, "amount", "invalid_amount"),
        ({"amount": 10.0}, "amount", "invalid_amount"),
        ({"amount": True}, "amount", "invalid_amount"),
        ({"amount": "100"}, "amount", "invalid_amount"),
        ({"amount": 10**12}, "amount", "invalid_amount"),
        ({"currency": "eur"}, "currency", "invalid_currency"),
        ({"currency": "XYZ"}, "currency", "invalid_currency"),
        ({"reference": ""}, "reference", "invalid"),
        ({"colour": "red"}, "colour", "unknown_field"),
        ({"return_url": "javascript:alert(1)"}, "return_url", "invalid_url"),
        ({"metadata": {"simulate": "earthquake"}}, "metadata.simulate", "unknown_fault"),
    ],
)
def test_bad_input_is_refused_by_field_and_leaves_nothing(
    bank_account: BankAccount, fields: dict[str, Any], field: str, code: str
) -> None:
    answer = authorize(bank_account, "pm_card_visa", **fields)

    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["field"]) == (400, code, field)
    assert bank_account.request("GET", "/v1/payments?payment_reference=pay_1").json()["data"] == []
    assert lines(bank_account) == []


def test_live_mode_is_refused(bank_account: BankAccount) -> None:
    answer = authorize(bank_account, "pm_card_visa", livemode=True)

    assert (answer.status_code, answer.json()["code"]) == (400, "test_mode_only")
    assert lines(bank_account) == []


def test_a_key_is_required(bank_account: BankAccount) -> None:
    answer = bank_account.request(
        "POST", "/v1/payments", {"amount": 1, "currency": "EUR", "source": "x", "reference": "y"}
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")
