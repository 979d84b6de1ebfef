"""Who holds an account still holds up nobody who only posts to it."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, connections, transaction
from django.utils import timezone

from gateway.core.ids import lowest_id_at, new_id
from gateway.ledger.models import Account, Entry, Transaction
from gateway.ledger.rules import AccountKey, credit, debit
from gateway.ledger.selectors.balances import balance
from gateway.ledger.services.lock_account import lock_account
from gateway.ledger.services.post import post
from tests.support.database import TestDatabase

AVAILABLE = AccountKey("merchant_available", "EUR", livemode=False)
CASH = AccountKey("cash", "EUR", livemode=False)


def move(amount: int, *keys: AccountKey) -> None:
    receiver, giver = keys or (CASH, AVAILABLE)
    post(
        source_type="test",
        source_id=new_id(),
        event="moved",
        lines=(debit(receiver, amount), credit(giver, amount)),
        now=timezone.now(),
        merchant_id=None,
        livemode=False,
    )


def in_a_thread(work: Callable[[], None]) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result(20)


def test_postings_go_on_while_an_account_is_locked(committed_db: TestDatabase) -> None:
    move(1)

    def post_meanwhile() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1s'")
            move(5)
        connections.close_all()

    with transaction.atomic():
        lock_account(AVAILABLE)
        in_a_thread(post_meanwhile)

    assert balance(AVAILABLE) == 6


def test_a_second_locker_waits(committed_db: TestDatabase) -> None:
    move(1)

    def lock_too() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '200ms'")
                lock_account(AVAILABLE)
        finally:
            connections.close_all()

    with transaction.atomic():
        lock_account(AVAILABLE)
        with pytest.raises(OperationalError, match="lock timeout"):
            in_a_thread(lock_too)


def test_two_who_open_the_same_accounts_in_opposite_orders_never_deadlock(committed_db: TestDatabase) -> None:
    names = [AccountKey(kind, "EUR", livemode=False) for kind in ("cash", "suspense", "gateway_fees", "provider_fees")]
    start = threading.Barrier(2)

    def open_in(order: list[AccountKey]) -> None:
        try:
            start.wait()
            with transaction.atomic():
                move(1, order[0], order[1])
                move(1, order[2], order[3])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        results = [pool.submit(open_in, order) for order in (names, names[::-1])]
        for result in results:
            result.result(20)

    assert Account.objects.count() == 4 and Transaction.objects.count() == 4


def test_an_account_never_changes(committed_db: TestDatabase) -> None:
    move(1)

    for alias in ("default", "owner"):
        for statement in ("UPDATE ledger_account SET currency = 'USD'", "DELETE FROM ledger_account"):
            with pytest.raises(DatabaseError, match=r"append-only|denied"), connections[alias].cursor() as cursor:
                cursor.execute(statement)


@pytest.mark.parametrize("wrong", ["no account", "another mode", "too old"])
def test_the_database_refuses_a_misplaced_entry_at_commit(committed_db: TestDatabase, wrong: str) -> None:
    move(1)
    live = Account.objects.create(type="cash", currency="EUR", livemode=True)
    posted = Transaction.objects.get()
    account_id = {"no account": new_id(), "another mode": live.id}.get(wrong, Entry.objects.all()[0].account_id)
    entry_id = lowest_id_at(timezone.now() - timedelta(hours=2)) if wrong == "too old" else new_id()

    with pytest.raises(IntegrityError, match=r"account|older"), transaction.atomic():
        for direction in ("debit", "credit"):
            Entry.objects.create(
                id=entry_id if direction == "debit" else new_id(),
                transaction=posted,
                account_id=account_id,
                currency="EUR",
                direction=direction,
                amount=1,
            )
