"""A settlement file is believed whole or not at all."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime

import pytest

from gateway.core.ids import new_id
from payments.providers.base import (
    AccountCredentials,
    NotDone,
    OutcomeUnknown,
    SettlementFileRef,
    SettlementTotals,
    UnreadableFile,
)
from payments.providers.simulated_bank.adapter import SimulatedBank
from payments.providers.simulated_bank.settlements import settlement_file
from tests.support.receiver import answer, running_receiver

REF = SettlementFileRef("2026-11-21-001", date(2026, 11, 21))
HEAD = "record,file,line,type,object,reference,payment,payment_reference,currency,gross,fee,net,occurred_at\n"
LINE = "line,2026-11-21-001,1,capture,bcap_1,opn_1,bpay_1,pay_1,EUR,10000,120,9880,2026-11-21T10:00:00+00:00\n"
TOTAL = "total,2026-11-21-001,1,,,,,,EUR,10000,120,9880,\n"


def sealed(text: str, lines: int = 1) -> bytes:
    """The text with the last row that fits it."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"{text}end,2026-11-21-001,{lines},sha256,{digest},,,,,,,,\n".encode()


def test_a_whole_file_is_values() -> None:
    raw = sealed(HEAD + LINE + TOTAL)

    file = settlement_file(REF, raw)

    (line,) = file.lines
    assert (line.type, line.reference, line.our_id, line.gross, line.fee, line.net) == (
        "capture", "bcap_1", "opn_1", 10_000, 120, 9_880,
    )  # fmt: skip
    assert line.occurred_at == datetime(2026, 11, 21, 10, tzinfo=UTC)
    assert file.totals == {"EUR": SettlementTotals(1, 10_000, 120, 9_880)}
    assert file.sha256 == hashlib.sha256(raw).hexdigest()


@pytest.mark.parametrize("cut", range(0, len(sealed(HEAD + LINE + TOTAL)), 7))
def test_a_file_cut_anywhere_is_refused(cut: int) -> None:
    with pytest.raises(UnreadableFile):
        settlement_file(REF, sealed(HEAD + LINE + TOTAL)[:cut])


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (",10000,120,9880,2026", ",10000,120,9881,2026"),  # net is not gross less fee
        (",10000,120,9880,2026", ",1e4,120,9880,2026"),
        (",10000,120,9880,2026", ",010000,120,9880,2026"),
        (",10000,120,9880,2026", ",99999999999999,120,99999999999879,2026"),
        ("EUR,10000,120,9880,2026", "EUX,10000,120,9880,2026"),
        ("T10:00:00+00:00", "T10:00:00"),
        ("001,1,capture", "001,2,capture"),  # a line is missing
        ("capture,bcap_1", "capture,"),
        (",capture,", ",,"),
        (",capture,", f",{'c' * 65},"),
        ("line,2026-11-21-001", "line,2026-11-20-001"),  # a line of another file
        ("total,2026-11-21-001,1,,,,,,EUR,10000", "total,2026-11-21-001,1,,,,,,EUR,10001"),
        (LINE + TOTAL, TOTAL + LINE),
        (HEAD, HEAD.replace("gross,fee", "fee,gross")),
        ("opn_1", '"opn_1'),
        ("opn_1", "opn_1,more"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused_although_its_checksum_fits(right: str, wrong: str) -> None:
    text = HEAD + LINE + TOTAL
    assert right in text

    with pytest.raises(UnreadableFile):
        settlement_file(REF, sealed(text.replace(right, wrong)))


def test_a_changed_byte_a_wrong_count_and_another_name_are_refused() -> None:
    raw = sealed(HEAD + LINE + TOTAL)
    for bad in (raw.replace(b"bcap_1", b"bcap_2"), sealed(HEAD + LINE + TOTAL, lines=2), b"", b"\xff\xfe"):
        with pytest.raises(UnreadableFile):
            settlement_file(REF, bad)
    with pytest.raises(UnreadableFile):
        settlement_file(SettlementFileRef("2026-11-22-001", date(2026, 11, 22)), raw)


def fetch(status: int, body: bytes = b"", **headers: str) -> object:
    """What comes of a bank that answers so when it is asked for the file."""
    with running_receiver() as bank:
        bank.default = answer(status, body, **headers)
        account = AccountCredentials(
            id=new_id(),
            provider="simulated_bank",
            livemode=False,
            config={"base_url": f"http://{bank.address}"},
            secrets={"api_key": "bk_test_key"},
        )
        return SimulatedBank().fetch_settlement_file(account, REF)


@pytest.mark.parametrize("status", [500, 502, 503, 302])
def test_a_bank_that_is_not_well_has_not_refused_the_file(status: int) -> None:
    with pytest.raises(OutcomeUnknown, match=f"HTTP {status}"):
        fetch(status, location="http://127.0.0.1:9/")


def test_a_bank_that_asks_to_slow_down_is_asked_again_when_it_says() -> None:
    with pytest.raises(NotDone) as refused:
        fetch(429, retry_after="7")

    assert (refused.value.code, refused.value.retryable, refused.value.retry_after_s) == (
        "provider_rate_limited", True, 7.0,
    )  # fmt: skip


@pytest.mark.parametrize("status", [400, 401, 404, 410])
def test_a_file_that_the_bank_refuses_is_not_worth_another_try(status: int) -> None:
    with pytest.raises(NotDone) as refused:
        fetch(status)

    assert (refused.value.code, refused.value.retryable) == ("file_refused", False)


def test_a_whole_file_is_read_over_the_wire() -> None:
    assert fetch(200, sealed(HEAD + LINE + TOTAL)) == settlement_file(REF, sealed(HEAD + LINE + TOTAL))
