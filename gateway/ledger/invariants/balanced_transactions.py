"""Every transaction has at least two entries and balances per currency."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from gateway.core.invariants import Violation

NAME = "ledger.balanced_transactions"
DESCRIPTION = "Every transaction has at least two entries and balances in each currency."


def violations() -> Iterator[Violation]:
    """Transactions that are lopsided, single or empty."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT transaction_id, currency,"
            " sum(CASE direction WHEN 'debit' THEN amount ELSE -amount END) FROM ledger_entry"
            " GROUP BY 1, 2 HAVING sum(CASE direction WHEN 'debit' THEN amount ELSE -amount END) <> 0"
        )
        for transaction_id, currency, difference in cursor.fetchall():
            yield Violation(str(transaction_id), f"out of balance by {difference} {currency}")
        cursor.execute(
            "SELECT t.id, count(e.id) FROM ledger_transaction t LEFT JOIN ledger_entry e ON e.transaction_id = t.id"
            " GROUP BY t.id HAVING count(e.id) < 2"
        )
        for transaction_id, entries in cursor.fetchall():
            yield Violation(str(transaction_id), f"has {entries} entries")
