"""What follows an authorisation: never more than was authorised, never back more than was taken."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import psycopg
import pytest

from tests.support.bank import BankAccount, BankService


def authorize(bank: BankAccount, *, capture: bool, source: str = "pm_card_visa", key: str = "opn_a") -> dict[str, Any]:
    body = {"amount": 1000, "currency": "EUR", "source": source, "reference": key, "payment_reference": "pay_1"}
    payment: dict[str, Any] = bank.request("POST", "/v1/payments", {**body, "capture": capture}, key=key).json()
    return payment


def capture(bank: BankAccount, payment: dict[str, Any], key: str, **fields: Any) -> httpx2.Response:
    return bank.request("POST", f"/v1/payments/{payment['id']}/captures", {"reference": key, **fields}, key=key)


def void(bank: BankAccount, payment: dict[str, Any], key: str) -> httpx2.Response:
    return bank.request("POST", f"/v1/payments/{payment['id']}/void", {"reference": key}, key=key)


def refund(bank: BankAccount, payment: dict[str, Any], key: str, **fields: Any) -> httpx2.Response:
    return bank.request("POST", f"/v1/payments/{payment['id']}/refunds", {"reference": key, **fields}, key=key)


def lines(bank: BankAccount) -> list[tuple[str, int, str]]:
    return [(line["kind"], line["amount"], line["reference"]) for line in bank.journal()]


def test_several_captures_up_to_the_authorised_amount(bank_account: BankAccount) -> None:
    payment = authorize(bank_account, capture=False)

    first = capture(bank_account, payment, "opn_1", amount=400, final=False).json()
    second = capture(bank_account, payment, "opn_2", amount=600, final=False).json()
    third = capture(bank_account, payment, "opn_3", amount=1, final=False)

    assert (first["status"], first["amount_captured"], first["amount_capturable"]) == ("partially_captured", 400, 600)
    assert (second["status"], second["amount_captured"], second["amount_capturable"]) == ("captured", 1000, 0)
    assert [item["reference"] for item in second["captures"]] == ["opn_1", "opn_2"]
    assert (third.status_code, third.json()["code"]) == (409, "invalid_state")
    assert lines(bank_account) == [("authorize", 1000, "opn_a"), ("capture", 400, "opn_1"), ("capture", 600, "opn_2")]


def test_a_final_capture_releases_the_rest(bank_account: BankAccount) -> None:
    payment = authorize(bank_account, capture=False)

    taken = capture(bank_account, payment, "opn_1", amount=400, final=True).json()
    again = capture(bank_account, payment, "opn_2", amount=1)

    assert (taken["status"], taken["amount_captured"], taken["amount_capturable"]) == ("captured", 400, 0)
    assert again.status_code == 409


def test_a_capture_beyond_the_authorised_amount_is_refused(bank_account: BankAccount) -> None:
    payment = authorize(bank_account, capture=False)

    answer = capture(bank_account, payment, "opn_1", amount=1001)

    assert (answer.status_code, answer.json()["code"]) == (409, "amount_too_large")
    assert answer.json()["payment"]["amount_captured"] == 0
    assert lines(bank_account) == [("authorize", 1000, "opn_a")]


def test_a_void_gives_everything_back_once(bank_account: BankAccount) -> None:
    payment = authorize(bank_account, capture=False)

    voided = void(bank_account, payment, "opn_v").json()
    again = void(bank_account, payment, "opn_w")
    late = capture(bank_account, payment, "opn_c", amount=1)

    assert (voided["status"], voided["void_reference"], voided["amount_captured"]) == ("voided", "opn_v", 0)
    assert (again.status_code, again.json()["void_reference"]) == (200, "opn_v")
    assert (late.status_code, late.json()["code"]) == (409, "invalid_state")
    assert lines(bank_account) == [("authorize", 1000, "opn_a"), ("void", 1000, "opn_v")]


def test_a_void_after_a_partial_capture_releases_the_rest(bank_account: BankAccount) -> None:
    payment = authorize(bank_account, capture=False)
    capture(bank_account, payment, "opn_1", amount=300, final=False)

    released = void(bank_account, payment, "opn_v").json()

    assert (released["status"], released["amount_captured"], released["amount_capturable"]) == ("captured", 300, 0)
    assert lines(bank_account)[-1] == ("void", 700, "opn_v")


def test_what_was_captured_cannot_be_voided(bank_account: BankAccount) -> None:
    payment = authorize(bank_account, capture=True)

    answer = void(bank_account, payment, "opn_v")

    assert (answer.status_code, answer.json()["code"]) == (409, "invalid_state")
    assert answer.json()["payment"]["status"] == "captured"


def test_several_refunds_up_to_the_captured_amount(bank_account: BankAccount) -> None:
    payment = authorize(bank_account, capture=True)

    first = refund(bank_account, payment, "rfd_1", amount=250, reason="requested_by_customer").json()
    too_much = refund(bank_account, payment, "rfd_2", amount=751)
    rest = refund(bank_account, payment, "rfd_3").json()
    nothing_left = refund(bank_account, payment, "rfd_4", amount=1)

    assert (first["amount_refunded"], first["status"]) == (250, "captured")
    assert first["refund"] == first["refunds"][0]["id"]
    assert (too_much.status_code, too_much.json()["code"]) == (409, "amount_too_large")
    assert [(item["reference"], item["amount"], item["status"]) for item in rest["refunds"]] == [
        ("rfd_1", 250, "succeeded"),
        ("rfd_3", 750, "succeeded"),
    ]
    assert (nothing_left.status_code, nothing_left.json()["code"]) == (409, "invalid_state")
    assert lines(bank_account)[2:] == [("refund", 250, "rfd_1"), ("refund", 750, "rfd_3")]


def test_ten_refunds_of_sixty_percent_at_once_and_exactly_one_goes_through(bank_account: BankAccount) -> None:
    payment = authorize(bank_account, capture=True)

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda n: refund(bank_account, payment, f"rfd_{n}", amount=600), range(10)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    assert bank_account.totals()["refund"] == {"EUR": {"count": 1, "amount": 600}}


def test_a_stranger_sees_and_changes_nothing(bank_service: BankService, bank_account: BankAccount) -> None:
    payment = authorize(bank_account, capture=False)
    stranger = bank_service.new_account()

    answers = [
        stranger.request("GET", f"/v1/payments/{payment['id']}"),
        capture(stranger, payment, "opn_1", amount=1),
        void(stranger, payment, "opn_2"),
        refund(stranger, payment, "rfd_1", amount=1),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert stranger.request("GET", "/v1/payments?payment_reference=pay_1").json()["data"] == []
    assert bank_account.request("GET", f"/v1/payments/{payment['id']}").json() == payment


def test_queries_find_the_payment_by_every_id_of_ours(bank_account: BankAccount) -> None:
    payment = authorize(bank_account, capture=False)
    capture(bank_account, payment, "opn_c", amount=1000)
    refund(bank_account, payment, "rfd_1", amount=10)

    found = [
        bank_account.request("GET", f"/v1/payments?{query}").json()["data"]
        for query in ("reference=opn_a", "reference=opn_c", "reference=rfd_1", "payment_reference=pay_1")
    ]

    present = bank_account.request("GET", f"/v1/payments/{payment['id']}").json()
    assert present["amount_refunded"] == 10
    assert found == [[present]] * 4
    assert bank_account.request("GET", "/v1/payments?reference=opn_x").json()["data"] == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE bank_journal SET amount = 1",
        "DELETE FROM bank_journal",
        "TRUNCATE bank_journal CASCADE",
        "DELETE FROM bank_request_key",
        "UPDATE bank_payment SET amount_captured = amount_authorized + 1",
        "UPDATE bank_payment SET amount_refunded = amount_captured + 1",
    ],
)
def test_the_database_itself_refuses_to_forget_or_to_overdraw(
    bank_service: BankService, bank_account: BankAccount, statement: str
) -> None:
    authorize(bank_account, capture=True)

    with pytest.raises(psycopg.errors.IntegrityError):
        bank_service.sql(statement)


def test_the_journal_comes_in_pages_with_totals_of_everything(bank_account: BankAccount) -> None:
    for number in range(3):
        authorize(bank_account, capture=True, key=f"opn_{number}")

    page = bank_account.request("GET", "/v1/journal?kind=capture&limit=2").json()
    rest = bank_account.request("GET", f"/v1/journal?kind=capture&limit=2&after={page['next_after']}").json()

    assert [line["reference"] for line in page["data"]] == ["opn_0", "opn_1"]
    assert (page["has_more"], rest["has_more"]) == (True, False)
    assert [line["reference"] for line in rest["data"]] == ["opn_2"]
    assert page["totals"] == rest["totals"] == {"capture": {"EUR": {"count": 3, "amount": 3000}}}
