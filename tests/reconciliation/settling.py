"""A merchant at the real bank whose movements are settled: what tests of settlement files have in common."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connection

from gateway.core.invariants import run
from gateway.core.tenancy import Tenant
from payments.models import Anomaly, Payment
from payments.selectors.payments import get_payment
from reconciliation.models import SettlementFile, SettlementLine
from reconciliation.services.import_settlements import import_settlements
from tests.support.bank import BankAccount
from tests.support.witnessed import order_at_bank, pay_at_bank
from tests.support.work import run_due_work

WHY = "a test looks at its own rows"


def paid(tenant: Tenant, amount: int = 10_000, currency: str = "EUR", **how: Any) -> Payment:
    """A payment that the bank has captured."""
    payment = pay_at_bank(tenant, order_at_bank(tenant, amount, currency), **how)
    run_due_work(forward=True)
    return get_payment(tenant, payment.id)


def close_file(bank: BankAccount, *faults: str) -> str:
    """The bank closes a file over everything that is not settled; its name."""
    answer = bank.request("POST", "/v1/settlements", {"faults": list(faults)})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def import_all(tenant: Tenant) -> None:
    """Ask for files, and let the worker do what that takes."""
    assert import_settlements(tenant=tenant) == 1
    run_due_work(forward=True)


def the_file(name: str) -> SettlementFile:
    return SettlementFile.objects.unscoped(WHY).get(external_id=name)


def lines(name: str) -> list[SettlementLine]:
    return list(SettlementLine.objects.unscoped(WHY).filter(file__external_id=name).order_by("number"))


def open_kinds(tenant: Tenant) -> list[tuple[str, int]]:
    """(kind, amount) of every open anomaly."""
    rows = Anomaly.objects.for_merchant(tenant).filter(resolved_at=None).order_by("kind", "amount")
    return list(rows.values_list("kind", "amount"))


def broken_invariants() -> list[str]:
    """Every broken truth, deferred checks of the database included."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    return [line for result in run(settings.INVARIANTS) if not result.holds for line in result.lines()]
