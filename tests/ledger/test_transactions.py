"""Reading what was posted about a source, in its own months only."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gateway.ledger.rules import AccountKey, credit, debit
from gateway.ledger.selectors.transactions import entries_of, net_of, transactions_of
from gateway.ledger.services.post import post
from gateway.ledger.states import AccountType

CLEARING = AccountKey("provider_clearing", "EUR", livemode=False)
CASH = AccountKey("cash", "EUR", livemode=False)
SOURCE, NOBODY = uuid4(), uuid4()


@pytest.fixture(autouse=True)
def posted(db: None) -> None:
    """Two facts of the source: 700 come in, 200 go back."""
    for event, lines in {
        "captured": (debit(CASH, 700), credit(CLEARING, 700)),
        "returned": (debit(CLEARING, 200), credit(CASH, 200)),
    }.items():
        assert post(
            source_type="operation", source_id=SOURCE, event=event, lines=lines, now=timezone.now(), merchant_id=None,
            livemode=False,
        )  # fmt: skip


def months_read(read: Callable[[], object]) -> set[str]:
    """The partitions of entries that the plans of these queries name."""
    with CaptureQueriesContext(connection) as captured:
        read()
    plans = ""
    with connection.cursor() as cursor:
        for sql in (query["sql"] for query in captured.captured_queries if "ledger_entry" in query["sql"]):
            cursor.execute(f"EXPLAIN {sql}")
            plans += "\n".join(row[0] for row in cursor.fetchall())
    return set(re.findall(r"ledger_entry_(y\d+m\d+)", plans))


def test_everything_about_a_source_is_read_with_its_entries() -> None:
    first, second = transactions_of([("operation", SOURCE), ("refund", NOBODY)])
    assert (first.event, second.event) == ("captured", "returned")
    assert [(entry.account.type, entry.direction, entry.amount) for entry in first.entries.all()] == [
        ("cash", "debit", 700),
        ("provider_clearing", "credit", 700),
    ]
    assert transactions_of([("refund", SOURCE)]) == []
    assert entries_of(source_type="operation", source_id=SOURCE).count() == 4
    assert entries_of(source_type="operation", source_id=NOBODY).count() == 0
    for source, net in ((SOURCE, 500), (NOBODY, 0)):
        assert net_of(source_type="operation", source_id=source, account_type=AccountType.CASH) == net


@pytest.mark.parametrize(
    "read",
    [
        lambda: transactions_of([("operation", SOURCE)]),
        lambda: net_of(source_type="operation", source_id=SOURCE, account_type=AccountType.CASH),
    ],
    ids=["transactions_of", "net_of"],
)
def test_no_month_before_the_source_is_looked_into(read: Callable[[], object]) -> None:
    now = timezone.now()
    older = now.replace(day=1) - timedelta(days=40)

    months = months_read(read)

    assert f"y{now:%Y}m{now:%m}" in months
    assert f"y{older:%Y}m{older:%m}" not in months
