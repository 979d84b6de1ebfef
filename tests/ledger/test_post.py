"""Posting: once, balanced, for ever."""

import threading
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import time_machine
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from django.utils import timezone

from gateway.core.ids import lowest_id_at
from gateway.core.invariants import Violation
from gateway.ledger.invariants import balanced_transactions, consistent_references, trial_balance, true_checkpoints
from gateway.ledger.models import Account, Checkpoint, Entry, Transaction
from gateway.ledger.rules import AccountKey, Line, credit, debit
from gateway.ledger.selectors.balances import balance
from gateway.ledger.services.make_checkpoints import make_checkpoints
from gateway.ledger.services.post import post
from tests.support.database import TestDatabase

CLEARING = AccountKey("provider_clearing", "EUR", livemode=False)
CASH = AccountKey("cash", "EUR", livemode=False)


def post_capture(amount: int, *, source_id: UUID | None = None, lines: tuple[Line, ...] = ()) -> Transaction | None:
    return post(
        source_type="operation",
        source_id=source_id or uuid4(),
        event="captured",
        lines=lines or (debit(CASH, amount), credit(CLEARING, amount)),
        now=timezone.now(),
        merchant_id=None,
        livemode=False,
    )


def violations() -> list[Violation]:
    modules = (trial_balance, balanced_transactions, consistent_references, true_checkpoints)
    return [found for module in modules for found in module.violations()]


@pytest.mark.django_db
def test_a_fact_is_posted_once_and_moves_the_balances() -> None:
    source = uuid4()

    assert post_capture(700, source_id=source) is not None
    assert post_capture(700, source_id=source) is None

    assert balance(CASH) == 700
    assert balance(CLEARING) == -700
    assert Entry.objects.count() == 2
    assert violations() == []


@pytest.mark.parametrize(
    "lines",
    [
        (debit(CASH, 5),),
        (debit(CASH, 5), credit(CLEARING, 4)),
        (debit(CASH, 5), credit(AccountKey("cash", "USD", livemode=False), 5)),
        (debit(CASH, 5), credit(AccountKey("cash", "EUR", livemode=True), 5)),
    ],
    ids=["single", "lopsided", "two currencies", "two modes"],
)
@pytest.mark.django_db
def test_what_does_not_balance_is_refused_before_anything_is_written(lines: tuple[Line, ...]) -> None:
    with pytest.raises(ValueError, match="operation captured"):
        post_capture(5, lines=lines)
    assert Transaction.objects.count() == 0


def test_the_database_itself_refuses_a_lopsided_transaction_at_commit(committed_db: TestDatabase) -> None:
    post_capture(1)
    cash = Account.objects.get(type="cash")
    with pytest.raises(IntegrityError, match="does not balance"), transaction.atomic():
        lopsided = Transaction.objects.create(
            source_type="test", source_id=uuid4(), event="lopsided", livemode=False, created_at=timezone.now()
        )
        for direction, amount in (("debit", 5), ("credit", 4)):
            Entry.objects.create(transaction=lopsided, account=cash, currency="EUR", direction=direction, amount=amount)
    with pytest.raises(IntegrityError, match="does not balance"), transaction.atomic():
        Transaction.objects.create(
            source_type="test", source_id=uuid4(), event="empty", livemode=False, created_at=timezone.now()
        )
    with pytest.raises(IntegrityError, match="another currency"), transaction.atomic():
        first = Transaction.objects.get()
        Entry.objects.create(transaction=first, account=cash, currency="USD", direction="debit", amount=5)
    assert Transaction.objects.count() == 1


@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
@pytest.mark.parametrize("table", ["ledger_transaction", "ledger_entry"])
@pytest.mark.parametrize("alias", ["default", "owner"])
def test_nobody_changes_what_was_posted(committed_db: TestDatabase, alias: str, table: str, statement: str) -> None:
    post_capture(1)
    with pytest.raises(DatabaseError, match=r"append-only|permission denied"), connections[alias].cursor() as cursor:
        cursor.execute(statement.format(table))
    assert Entry.objects.count() == 2


def test_twenty_posters_of_one_fact_post_it_once_and_make_each_account_once(committed_db: TestDatabase) -> None:
    source, barrier = uuid4(), threading.Barrier(20)
    results: list[bool] = []

    def poster() -> None:
        barrier.wait()
        results.append(post_capture(3, source_id=source) is not None)
        connection.close()

    threads = [threading.Thread(target=poster) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results) == [False] * 19 + [True]
    assert (Account.objects.count(), Entry.objects.count(), balance(CASH)) == (2, 2, 3)


@pytest.mark.django_db
def test_a_checkpoint_covers_old_entries_only_and_the_balance_stays_the_same() -> None:
    with time_machine.travel(timezone.now() - timedelta(hours=5)):
        post_capture(100)
    with time_machine.travel(timezone.now() - timedelta(hours=3)):
        post_capture(20)
    post_capture(3)

    assert make_checkpoints(now=timezone.now() - timedelta(hours=3)) == 2
    assert Checkpoint.objects.get(account__type="cash").debits_less_credits == 100
    assert balance(CASH) == 123
    assert make_checkpoints() == 2
    assert make_checkpoints() == 0  # what is left is not an hour old
    assert balance(CASH) == 123
    assert violations() == []


@pytest.mark.django_db
def test_an_invariant_names_a_checkpoint_that_lies() -> None:
    post_capture(100)
    through_id = lowest_id_at(timezone.now() + timedelta(seconds=1))  # ids of one millisecond have no order
    Checkpoint.objects.create(
        account=Account.objects.get(type="cash"),
        through_id=through_id,
        debits_less_credits=99,
        created_at=timezone.now(),
    )
    assert [found.detail for found in violations()] == ["says 99, the entries say 100"]
