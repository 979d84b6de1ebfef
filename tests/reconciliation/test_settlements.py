"""Settlement files of the bank: compared line by line, posted once, and every seeded difference found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from gateway.core import context
from gateway.core.tenancy import Tenant
from gateway.ledger.models import Transaction
from gateway.work.models import Work
from gateway.work.rules import MAX_STRIKES
from payments.models import Anomaly, ProviderAccount
from payments.services.open_anomaly import open_anomaly
from payments.services.resolve_anomaly import resolve_anomaly
from reconciliation import states
from reconciliation.services import compare_settlements
from reconciliation.services import find_unsettled as unsettled
from reconciliation.services import import_settlement_file as importing
from reconciliation.services.find_unsettled import find_unsettled
from reconciliation.services.import_settlements import import_settlements
from reconciliation.services.oracle import compare
from reconciliation.services.post_settlement_line import post_settlement_line
from refunds.services.create_refund import create_refund
from tests.payments.factories import operations, postings
from tests.reconciliation.settling import (
    broken_invariants,
    close_file,
    import_all,
    lines,
    open_kinds,
    paid,
    the_file,
)
from tests.support.bank import BankAccount
from tests.support.receiver import answer, running_receiver
from tests.support.system import wait_until
from tests.support.witnessed import merchant_at_bank
from tests.support.work import run_due_work


@pytest.fixture
def tenant(db: None, bank_account: BankAccount) -> Iterator[Tenant]:
    """The books must be right in the end, whatever the file said."""
    yield merchant_at_bank(bank_account)[0]
    assert broken_invariants() == []


def settled() -> tuple[int, int, int, int]:
    """Cash, the provider's fees, what it still owes us, suspense: debits less credits."""
    found = postings()
    cash, fees = found.get("cash", 0), found.get("provider_fees", 0)
    return cash, fees, found.get("provider_clearing", 0), found.get("suspense", 0)


def test_a_file_is_posted_line_by_line_once_however_often_it_is_imported(
    tenant: Tenant, bank_account: BankAccount
) -> None:
    payment = paid(tenant)
    create_refund(tenant=tenant, payment_id=payment.id, amount=2_500, now=timezone.now())
    run_due_work(forward=True)
    name = close_file(bank_account)

    import_all(tenant)
    first = (settled(), Transaction.objects.count())
    import_all(tenant)
    for line in lines(name):
        post_settlement_line(line_id=line.id, now=timezone.now(), has_asked=True)

    assert first[0] == (9_880 - 2_500, 120, 0, 0)
    assert (settled(), Transaction.objects.count()) == first
    assert Transaction.objects.filter(source_type="settlement", event="settled").count() == 2
    assert the_file(name).state == "imported"


def test_the_lines_say_what_they_are_about(tenant: Tenant, bank_account: BankAccount) -> None:
    payment = paid(tenant)
    refund = create_refund(tenant=tenant, payment_id=payment.id, amount=2_500, now=timezone.now())
    paid(tenant, 900, "JPY", simulate="drop_response")
    run_due_work(forward=True)
    name = close_file(bank_account)
    import_all(tenant)

    file = the_file(name)
    assert (file.state, file.line_count, file.difference_count) == ("imported", 3, 0)
    assert file.totals["EUR"] == {"count": 2, "gross": 7_500, "fee": 120, "net": 7_380}
    capture, *others = lines(name)
    assert (capture.subject_type, capture.payment_id, capture.expected) == ("operation", payment.id, 10_000)
    about_refund = next(line for line in others if line.type == "refund")
    assert (about_refund.subject_id, about_refund.gross, about_refund.expected) == (refund.id, -2_500, -2_500)
    assert {line.state for line in (capture, *others)} == {"matched"}
    assert open_kinds(tenant) == []
    assert compare().differences == []


def test_a_refund_that_came_back_is_settled_both_ways(tenant: Tenant, bank_account: BankAccount) -> None:
    payment = paid(tenant)
    create_refund(
        tenant=tenant, payment_id=payment.id, amount=400, metadata={"simulate": "refund_fails:0"}, now=timezone.now()
    )
    run_due_work(forward=True)
    wait_until(lambda: bool(bank_account.journal(kind="refund_returned")), timeout_s=20, what="the refund comes back")
    name = close_file(bank_account)

    import_all(tenant)

    assert [(line.type, line.gross, line.expected) for line in lines(name)] == [
        ("capture", 10_000, 10_000),
        ("refund", -400, -400),
        ("refund_returned", 400, 400),
    ]
    assert (settled(), open_kinds(tenant)) == ((9_880, 120, 0, 0), [])


@pytest.mark.parametrize(
    ("fault", "kind", "suspended", "posting"),
    [
        ("wrong_amount", "settlement_amount_differs", 1, "write_off"),
        ("duplicate_line", "settlement_duplicate_line", 10_000, "write_off"),
        ("unknown_line", "settlement_unknown_line", 7_700, "credit_merchant"),
    ],
)
def test_what_the_provider_settles_beyond_our_books_is_recorded_and_waits_for_a_person(
    tenant: Tenant, bank_account: BankAccount, fault: str, kind: str, suspended: int, posting: str
) -> None:
    paid(tenant)
    paid(tenant, 500)
    name = close_file(bank_account, fault)

    import_all(tenant)

    file = the_file(name)
    assert (file.state, file.difference_count) == ("imported", 1)
    cash, fees, clearing, suspense = settled()
    assert (cash, fees) == (file.totals["EUR"]["net"], file.totals["EUR"]["fee"])
    assert (clearing, suspense) == (0, -suspended)
    assert open_kinds(tenant) == [(kind, suspended)]
    assert broken_invariants() == []
    if fault != "unknown_line":  # the bank's journal has nothing of that one: the oracle must say so
        assert compare().differences == []

    anomaly = Anomaly.objects.for_merchant(tenant).get()
    with context.bound(actor=context.Actor("staff", "usr_1")):
        resolve_anomaly(tenant=tenant, anomaly_id=anomaly.id, note="Asked.", posting=posting, now=timezone.now())
    assert settled()[3] == 0


def test_a_capture_that_was_made_without_us_is_asked_for_before_it_is_an_anomaly(
    tenant: Tenant, bank_account: BankAccount
) -> None:
    payment = paid(tenant, capture_method="manual")
    reference = payment.provider_reference
    body = {"amount": 700, "final": False, "reference": "made_at_the_bank"}
    assert bank_account.request("POST", f"/v1/payments/{reference}/captures", body, key="there").status_code == 201
    body = {"amount": 100, "reference": "refunded_at_the_bank"}
    assert bank_account.request("POST", f"/v1/payments/{reference}/refunds", body, key="back").status_code == 201
    name = close_file(bank_account)

    import_all(tenant)

    assert [(line.type, line.gross, line.expected, line.state) for line in lines(name)] == [
        ("capture", 700, 700, "matched"),
        ("refund", -100, -100, "matched"),
    ]
    kinds = [kind for kind, _ in open_kinds(tenant)]
    assert "external_capture" in kinds and not any(kind.startswith("settlement_") for kind in kinds)


def test_a_movement_that_is_in_no_file_is_missed_after_some_days_and_found_later(
    tenant: Tenant, bank_account: BankAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid(tenant)
    close_file(bank_account)
    import_all(tenant)
    late = paid(tenant, 500)
    assert find_unsettled() == 0
    monkeypatch.setattr(unsettled, "SETTLED_WITHIN", timedelta())
    assert (find_unsettled(), find_unsettled()) == (1, 0)
    assert open_kinds(tenant) == [("not_settled", 0)]

    name = close_file(bank_account)
    import_all(tenant)

    anomaly = Anomaly.objects.for_merchant(tenant).get()
    assert (anomaly.subject_id, anomaly.status) == (operations(late)[0].id, "resolved")
    assert anomaly.resolution == f"Settled in file {name}, line 1."
    assert find_unsettled() == 0


def test_a_line_that_a_file_leaves_out_is_missed(
    tenant: Tenant, bank_account: BankAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid(tenant)
    lost = paid(tenant, 500)
    name = close_file(bank_account, "missing_line")
    import_all(tenant)
    monkeypatch.setattr(unsettled, "SETTLED_WITHIN", timedelta())

    assert find_unsettled() == 1

    assert operations(lost)[0].id not in {line.subject_id for line in lines(name)}
    assert Anomaly.objects.for_merchant(tenant).get().subject_id == operations(lost)[0].id


def test_what_is_posted_while_it_is_being_missed_is_closed_by_the_next_look(
    tenant: Tenant, bank_account: BankAccount
) -> None:
    payment = paid(tenant)
    close_file(bank_account)
    import_all(tenant)
    # The line found no anomaly to close, because whoever missed it had looked before and wrote it down afterwards.
    open_anomaly(
        tenant=tenant, kind="not_settled", subject_type="operation", subject_id=operations(payment)[0].id,
        detail="In no settlement file.", now=timezone.now(),
    )  # fmt: skip

    assert find_unsettled() == 0

    assert open_kinds(tenant) == []


def test_a_switched_off_account_is_settled_all_the_same(tenant: Tenant, bank_account: BankAccount) -> None:
    paid(tenant)
    name = close_file(bank_account)
    ProviderAccount.objects.for_merchant(tenant).update(is_active=False)

    import_all(tenant)

    assert (the_file(name).state, settled()) == ("imported", (9_880, 120, 0, 0))


def test_the_oracle_asks_nothing_of_files_that_the_bank_no_longer_names(
    tenant: Tenant, bank_account: BankAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        paid(tenant)
        close_file(bank_account)
    import_all(tenant)
    monkeypatch.setattr(compare_settlements, "_LISTED", 1)

    assert compare().differences == []


def test_a_truncated_file_is_refused_whole_and_read_again_by_the_next_run(
    tenant: Tenant, bank_account: BankAccount
) -> None:
    paid(tenant)
    name = close_file(bank_account, "truncated")

    import_all(tenant)
    file = the_file(name)
    assert (file.state, file.line_count, lines(name)) == ("unreadable", 0, [])
    assert "ends in the middle" in file.error
    assert open_kinds(tenant) == [("settlement_file_unreadable", 0)]
    assert "cash" not in postings()

    import_all(tenant)
    assert (the_file(name).state, the_file(name).error, settled()[0]) == ("imported", "", 9_880)
    assert open_kinds(tenant) == []


def test_a_crash_between_two_lines_is_resumed_where_it_was(
    tenant: Tenant, bank_account: BankAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    for amount in (1_000, 2_000, 3_000):
        paid(tenant, amount)
    name = close_file(bank_account)
    whole = post_settlement_line
    calls: list[object] = []

    def dies_at_the_second(**arguments: object) -> object:
        calls.append(arguments)
        if len(calls) == 2:
            raise RuntimeError("the process was killed here")
        return whole(**arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(importing, "post_settlement_line", dies_at_the_second)
    import_settlements(tenant=tenant)
    run_due_work()
    assert [line.state for line in lines(name)] == ["matched", "pending", "pending"]
    assert the_file(name).state == "importing"

    run_due_work(forward=True)

    assert [line.state for line in lines(name)] == ["matched"] * 3
    assert (the_file(name).state, settled()[2:]) == ("imported", (0, 0))
    assert Transaction.objects.filter(source_type="settlement").count() == 3


def test_a_bank_that_is_away_is_asked_again(tenant: Tenant, bank_account: BankAccount) -> None:
    paid(tenant)
    name = close_file(bank_account)
    accounts = ProviderAccount.objects.for_merchant(tenant)
    right = accounts.get().config
    accounts.update(config={**right, "base_url": "http://127.0.0.1:9"})
    import_settlements(tenant=tenant)
    run_due_work()
    assert Work.objects.get().kind == states.LIST_FILES
    accounts.update(config=right)
    run_due_work(forward=True)
    assert the_file(name).state == "imported"


@pytest.mark.parametrize("status", [503, 429])
def test_a_file_that_the_bank_cannot_give_at_the_moment_is_never_quarantined(
    tenant: Tenant, bank_account: BankAccount, status: int
) -> None:
    paid(tenant)
    name = close_file(bank_account)
    listed = bank_account.request("GET", "/v1/settlements").content
    accounts = ProviderAccount.objects.for_merchant(tenant)
    right = accounts.get().config
    with running_receiver() as unwell:
        unwell.behaviours, unwell.default = [answer(200, listed)], answer(status)
        accounts.update(config={**right, "base_url": f"http://{unwell.address}"})
        import_settlements(tenant=tenant)
        for _ in range(MAX_STRIKES + 2):
            run_due_work()
            Work.objects.update(run_at=timezone.now())
    work = Work.objects.get(kind=states.IMPORT_FILE)
    assert (len(unwell.requests), work.state, work.strikes) == (MAX_STRIKES + 3, "waiting", 0)

    accounts.update(config=right)
    run_due_work(forward=True)

    assert (the_file(name).state, settled()[0]) == ("imported", 9_880)


def test_the_command_asks_every_account(tenant: Tenant) -> None:
    printed = StringIO()
    call_command("import_settlements", stdout=printed)
    assert printed.getvalue() == "1 provider accounts are asked for their settlement files.\n"
