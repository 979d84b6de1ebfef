"""The audit finds what somebody with the owner's rights did to the books."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.core.management import call_command
from django.db import connections
from django.utils import timezone
from pytest_django.fixtures import Settings

from gateway.core.ids import new_id
from gateway.ledger.models import Account, Entry, Transaction
from gateway.ledger.rules import AccountKey, PostedFact, credit, debit
from gateway.ledger.services.accounts import accounts_for
from gateway.ledger.services.make_checkpoints import make_checkpoints
from gateway.ledger.services.post import post
from gateway.ledger.states import AccountType
from merchants.models import Merchant
from tests.support.database import TestDatabase

CLEARING = AccountKey("provider_clearing", "EUR", livemode=False)
# What the books of these tests are made of; the rooms above the ledger name theirs in the settings.
FACTS = (PostedFact("exercise", "captured", frozenset({AccountType.PROVIDER_CLEARING, AccountType.MERCHANT_PENDING})),)


@pytest.fixture(autouse=True)
def exercises(settings: Settings) -> None:
    settings.LEDGER_FACTS = [*settings.LEDGER_FACTS, f"{__name__}.FACTS"]


def books() -> None:
    """Three captures of a merchant, of which the first is covered by checkpoints, and accounts of others."""
    merchant = Merchant.objects.create(name="Lumen Supply Co.", slug="lumen")
    stranger = Merchant.objects.create(name="Another", slug="another")
    pending = AccountKey("merchant_pending", "EUR", livemode=False, merchant_id=merchant.id)
    others = [
        AccountKey("merchant_pending", "USD", livemode=False, merchant_id=merchant.id),
        AccountKey("merchant_pending", "EUR", livemode=True, merchant_id=merchant.id),
        AccountKey("merchant_pending", "EUR", livemode=False, merchant_id=stranger.id),
    ]
    for age in (timedelta(hours=3), timedelta(minutes=2), timedelta()):
        with time_machine.travel(timezone.now() - age):
            post(
                source_type="exercise",
                source_id=new_id(),
                event="captured",
                lines=(debit(CLEARING, 500), credit(pending, 500)),
                now=timezone.now(),
                merchant_id=merchant.id,
                livemode=False,
            )
    accounts_for(others)
    assert make_checkpoints() == 2


def audit() -> tuple[int, dict[str, Any]]:
    out = StringIO()
    status = 0
    try:
        call_command("ledger_audit", "--json", stdout=out)
    except SystemExit as end:
        status = int(end.code or 0)
    report: dict[str, Any] = json.loads(out.getvalue())
    return status, report


def account(**fields: Any) -> UUID:
    return Account.objects.get(**fields).id


def corrupt(statement: str, **values: Any) -> None:
    """As the owner, with the triggers and the constraint out of the way."""
    with connections["owner"].cursor() as cursor:
        for table in ("ledger_entry", "ledger_transaction", "ledger_account", "ledger_checkpoint"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for table in ("ledger_entry", "ledger_checkpoint"):
            cursor.execute("SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'", [table])
            for (name,) in cursor.fetchall():
                cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        cursor.execute(statement, values)
        assert cursor.rowcount > 0
        for table in ("ledger_entry", "ledger_transaction", "ledger_account", "ledger_checkpoint"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


LAST = "(SELECT max(id::text)::uuid FROM ledger_entry WHERE direction = 'credit')"
FIRST_TRANSACTION = "(SELECT min(id::text)::uuid FROM ledger_transaction)"
CORRUPTIONS = {
    "an amount is raised": (f"UPDATE ledger_entry SET amount = 501 WHERE id = {LAST}", "ledger.trial_balance"),
    "an entry is deleted": (f"DELETE FROM ledger_entry WHERE id = {LAST}", "ledger.balanced_transactions"),
    "a side is exchanged": (
        f"UPDATE ledger_entry SET direction = 'debit' WHERE id = {LAST}",
        "ledger.balanced_transactions",
    ),
    "an entry is in another currency": (
        f"UPDATE ledger_entry SET account_id = %(usd)s WHERE id = {LAST}",
        "ledger.consistent_references",
    ),
    "an entry is in another mode": (
        f"UPDATE ledger_entry SET account_id = %(live)s WHERE id = {LAST}",
        "ledger.consistent_references",
    ),
    "an entry is another merchant's": (
        f"UPDATE ledger_entry SET account_id = %(stranger)s WHERE id = {LAST}",
        "ledger.consistent_references",
    ),
    "an account is gone": ("DELETE FROM ledger_account WHERE id = %(clearing)s", "ledger.consistent_references"),
    "a transaction is gone": (
        "DELETE FROM ledger_transaction WHERE id = (SELECT max(id::text)::uuid FROM ledger_transaction)",
        "ledger.consistent_references",
    ),
    "a transaction lost both entries": (
        "DELETE FROM ledger_entry WHERE transaction_id = (SELECT max(id::text)::uuid FROM ledger_transaction)",
        "ledger.balanced_transactions",
    ),
    "a checkpoint lies": (
        "UPDATE ledger_checkpoint SET debits_less_credits = debits_less_credits + 1 WHERE account_id = %(clearing)s",
        "ledger.true_checkpoints",
    ),
    "both sides of an old transaction are raised": (
        f"UPDATE ledger_entry SET amount = 900 WHERE transaction_id = {FIRST_TRANSACTION}",
        "ledger.true_checkpoints",
    ),
}


def test_good_books_pass(committed_db: TestDatabase) -> None:
    books()

    status, report = audit()

    assert status == 0 and report["ok"]
    assert report["trial_balance"] == [{"currency": "EUR", "livemode": False, "debits": 1500, "credits": 1500}]


def test_what_nobody_says_that_it_posts_was_not_posted_by_this_gateway(
    committed_db: TestDatabase, settings: Settings
) -> None:
    books()
    settings.LEDGER_FACTS = [dotted for dotted in settings.LEDGER_FACTS if not dotted.startswith(__name__)]

    status, report = audit()

    assert status == 1
    (broken,) = (found for found in report["invariants"] if not found["holds"])
    assert (broken["name"], len(broken["violations"])) == ("ledger.known_facts", 3)
    assert broken["violations"][0]["detail"] == "exercise captured is nothing that is posted here"


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_every_corruption_is_found(committed_db: TestDatabase, name: str) -> None:
    books()
    statement, finder = CORRUPTIONS[name]
    corrupt(
        statement,
        usd=account(currency="USD"),
        live=account(livemode=True),
        stranger=account(merchant__slug="another"),
        clearing=account(type="provider_clearing"),
    )

    status, report = audit()

    assert status == 1 and not report["ok"]
    assert finder in [found["name"] for found in report["invariants"] if not found["holds"]]


def test_the_audit_changes_nothing(committed_db: TestDatabase) -> None:
    books()
    before = (Transaction.objects.count(), Entry.objects.count())

    audit()

    assert (Transaction.objects.count(), Entry.objects.count()) == before
