"""Settlement files: every movement in one file, once, whatever is asked of the bank."""

from __future__ import annotations

import csv
import hashlib
import io
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.bank import BankAccount
from tests.support.system import wait_until

Row = dict[str, str]


def charge(bank: BankAccount, key: str, amount: int, currency: str = "EUR", source: str = "pm_card_visa") -> str:
    body = {
        "amount": amount,
        "currency": currency,
        "source": source,
        "reference": key,
        "payment_reference": "pay_" + key,
    }
    answer = bank.request("POST", "/v1/payments", body, key=key)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def refund(bank: BankAccount, payment: str, key: str, amount: int) -> None:
    body = {"amount": amount, "reference": key}
    assert bank.request("POST", f"/v1/payments/{payment}/refunds", body, key=key).status_code == 201


def read(bank: BankAccount, name: str) -> tuple[str, list[Row]]:
    answer = bank.request("GET", f"/v1/settlements/{name}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    return answer.text, list(csv.DictReader(io.StringIO(answer.text)))


def movements(rows: list[Row]) -> list[tuple[str, ...]]:
    return [
        tuple(row[c] for c in ("type", "reference", "gross", "fee", "net")) for row in rows if row["record"] == "line"
    ]


def test_a_file_has_a_line_per_movement_totals_and_a_checksum(bank_account: BankAccount) -> None:
    payment = charge(bank_account, "opn_1", 10_000)
    charge(bank_account, "opn_2", 500, "JPY")
    refund(bank_account, payment, "rfd_1", 1_250)

    closed = bank_account.request("POST", "/v1/settlements", {})
    text, rows = read(bank_account, closed.json()["id"])

    assert closed.status_code == 201
    assert movements(rows) == [
        ("capture", "opn_1", "10000", "120", "9880"),
        ("capture", "opn_2", "500", "6", "494"),
        ("refund", "rfd_1", "-1250", "0", "-1250"),
    ]
    totals = [(row["currency"], row["line"], row["gross"], row["net"]) for row in rows if row["record"] == "total"]
    assert totals == [("EUR", "2", "8750", "8630"), ("JPY", "1", "500", "494")]
    body, _, end = text.rstrip("\n").rpartition("\n")
    assert end.split(",")[:5] == [
        "end",
        closed.json()["id"],
        "3",
        "sha256",
        hashlib.sha256(f"{body}\n".encode()).hexdigest(),
    ]
    assert read(bank_account, closed.json()["id"])[0] == text
    assert bank_account.request("GET", "/v1/settlements").json()["data"] == [closed.json()]


def test_a_returned_refund_is_a_line_of_its_own(bank_account: BankAccount) -> None:
    payment = charge(bank_account, "opn_1", 1_000)
    body = {"amount": 400, "reference": "rfd_1", "metadata": {"simulate": "refund_fails:0"}}
    assert bank_account.request("POST", f"/v1/payments/{payment}/refunds", body, key="rfd_1").status_code == 201
    wait_until(lambda: bool(bank_account.journal(kind="refund_returned")), timeout_s=20, what="the refund comes back")
    name = bank_account.request("POST", "/v1/settlements", {}).json()["id"]

    kept = [line[:3] for line in movements(read(bank_account, name)[1])]

    assert kept == [("capture", "opn_1", "1000"), ("refund", "rfd_1", "-400"), ("refund_returned", "rfd_1", "400")]


def test_every_movement_is_in_one_file_while_files_are_closed_at_once(bank_account: BankAccount) -> None:
    def work(number: int) -> str:
        charge(bank_account, f"opn_{number}", 100 + number)
        return str(bank_account.request("POST", "/v1/settlements", {}).json().get("id", ""))

    with ThreadPoolExecutor(6) as pool:
        names = sorted(filter(None, pool.map(work, range(18))))
    bank_account.request("POST", "/v1/settlements", {})
    listed = [one["id"] for one in bank_account.request("GET", "/v1/settlements").json()["data"]]

    settled = [line[1] for name in listed for line in movements(read(bank_account, name)[1])]
    assert sorted(settled) == sorted(f"opn_{number}" for number in range(18))
    assert set(names) <= set(listed)
    again = bank_account.request("POST", "/v1/settlements", {})
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_settle")


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("wrong_amount", ["10001", "500"]),
        ("missing_line", ["10000"]),
        ("duplicate_line", ["10000", "10000", "500"]),
        ("unknown_line", ["10000", "500", "7700"]),
    ],
)
def test_a_file_is_wrong_on_request_and_consistent_in_itself(
    bank_account: BankAccount, fault: str, expected: list[str]
) -> None:
    charge(bank_account, "opn_1", 10_000)
    charge(bank_account, "opn_2", 500)

    name = bank_account.request("POST", "/v1/settlements", {"faults": [fault]}).json()["id"]
    _, rows = read(bank_account, name)

    assert [line[2] for line in movements(rows)] == expected
    assert [row["gross"] for row in rows if row["record"] == "total"] == [str(sum(map(int, expected)))]
    assert bank_account.request("POST", "/v1/settlements", {}).status_code == 409


def test_a_truncation_strikes_once_and_a_stranger_has_no_file(bank_account: BankAccount, bank_service: object) -> None:
    charge(bank_account, "opn_1", 10_000)
    name = bank_account.request("POST", "/v1/settlements", {"faults": ["truncated"]}).json()["id"]

    first, again = read(bank_account, name)[0], read(bank_account, name)[0]

    assert again.startswith(first) and len(first) < len(again)
    stranger = bank_service.new_account()  # type: ignore[attr-defined]
    assert stranger.request("GET", f"/v1/settlements/{name}").status_code == 404
    assert stranger.request("POST", "/v1/settlements", {"faults": ["nonsense"]}).json()["code"] == "unknown_fault"
