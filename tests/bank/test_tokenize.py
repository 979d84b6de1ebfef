"""The vault: published numbers only, and no number is kept."""

import time

import pytest

from bank.cards import CARDS, PUBLISHED_NUMBERS, passes_luhn
from tests.support.bank import BankAccount, BankService

YEAR = time.gmtime().tm_year


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"number": "4242424242424241"}, "card.number", "incorrect_number"),
        ({"number": "4242"}, "card.number", "incorrect_number"),
        ({"number": "4242-4242-4242-424x"}, "card.number", "incorrect_number"),
        ({"number": "4000000000000000000000"}, "card.number", "incorrect_number"),
        ({"number": "4000000000000051"}, "card.number", "test_mode_live_card"),
        ({"exp_month": 13}, "card.exp_month", "invalid_expiry_month"),
        ({"exp_month": 0}, "card.exp_month", "invalid_expiry_month"),
        ({"exp_year": YEAR - 1}, "card.exp_year", "invalid_expiry_year"),
        ({"exp_year": YEAR + 90}, "card.exp_year", "invalid_expiry_year"),
        ({"cvc": "99"}, "card.cvc", "invalid_cvc"),
        ({"cvc": "12a"}, "card.cvc", "invalid_cvc"),
        ({"cvc": "1234"}, "card.cvc", "invalid_cvc"),
        ({"number": "378282246310005", "cvc": "123"}, "card.cvc", "invalid_cvc"),
        ({"pin": "1"}, "card.pin", "unknown_field"),
    ],
)
def test_wrong_cards_are_refused_and_nothing_is_kept(
    bank_service: BankService, bank_account: BankAccount, fields: dict[str, object], field: str, code: str
) -> None:
    card = {"number": "4242424242424242", "exp_month": 12, "exp_year": YEAR + 1, "cvc": "123", **fields}

    answer = bank_account.request("POST", "/v1/tokens", {"type": "card", "card": card})

    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["field"]) == (400, code, field)
    assert bank_service.sql(f"SELECT count(*) FROM bank_vault WHERE account_id = '{bank_account.id}'") == [(0,)]


def test_spaces_in_a_number_are_accepted_and_the_same_card_has_the_same_fingerprint(bank_account: BankAccount) -> None:
    body = {"type": "card", "card": {"number": "4242 4242 4242 4242", "exp_month": 1, "exp_year": YEAR + 1}}

    first = bank_account.request("POST", "/v1/tokens", body).json()
    second = bank_account.request("POST", "/v1/tokens", body).json()

    assert first["id"] != second["id"]
    assert first["card"]["fingerprint"] == second["card"]["fingerprint"]
    assert first["card"]["last4"] == "4242"


def test_a_named_card_can_be_tokenised(bank_account: BankAccount) -> None:
    answer = bank_account.request("POST", "/v1/tokens", {"type": "card", "card": {"name": "pm_card_mastercard"}})
    unknown = bank_account.request("POST", "/v1/tokens", {"type": "card", "card": {"name": "pm_card_gold"}})

    assert answer.json()["card"]["brand"] == "mastercard"
    assert (unknown.status_code, unknown.json()["code"]) == (400, "unknown_test_card")


def test_an_unknown_upi_address_is_refused(bank_account: BankAccount) -> None:
    answer = bank_account.request("POST", "/v1/tokens", {"type": "upi", "upi": {"vpa": "somebody@upi"}})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_vpa")


def test_no_number_and_no_cvc_is_found_in_any_table(bank_service: BankService, bank_account: BankAccount) -> None:
    token = bank_account.tokenize("6205500000000000004", cvc="987", holder_name="Ada Sentinel")
    body = {"amount": 100, "currency": "EUR", "source": token, "reference": "opn_s", "holder_name": "Ada Sentinel"}
    assert bank_account.request("POST", "/v1/payments", body, key="opn_s").status_code == 201

    tables = [row[0] for row in bank_service.sql("SELECT tablename FROM pg_tables WHERE tablename LIKE 'bank_%'")]
    everything = "\n".join(
        str(row[0]) for table in tables for row in bank_service.sql(f"SELECT t::text FROM {table} t")
    )

    assert token in everything
    assert not [number for number in PUBLISHED_NUMBERS if number in everything]
    assert '"987"' not in everything
    assert "Ada Sentinel" not in everything
    log = bank_service.log_path.read_text()
    assert not [number for number in PUBLISHED_NUMBERS if number in log]


def test_a_reference_is_kept_for_thirty_days(bank_service: BankService, bank_account: BankAccount) -> None:
    token = bank_account.tokenize()
    bank_service.sql(f"UPDATE bank_vault SET expires_at = now() - interval '1 second' WHERE id = '{token}'")

    body = {"amount": 100, "currency": "EUR", "source": token, "reference": "opn_1"}
    answer = bank_account.request("POST", "/v1/payments", body, key="opn_1")

    assert (answer.status_code, answer.json()["code"]) == (410, "source_expired")


def test_another_account_cannot_use_a_reference(bank_service: BankService, bank_account: BankAccount) -> None:
    stranger = bank_service.new_account()
    body = {"amount": 100, "currency": "EUR", "source": bank_account.tokenize(), "reference": "opn_1"}

    answer = stranger.request("POST", "/v1/payments", body, key="opn_1")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert stranger.journal() == []


def test_every_number_in_the_table_is_well_formed_and_named_once() -> None:
    assert all(passes_luhn(card.number) for card in CARDS)
    assert len({card.name for card in CARDS}) == len(CARDS) == len(PUBLISHED_NUMBERS)
