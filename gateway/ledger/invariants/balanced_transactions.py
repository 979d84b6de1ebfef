"""Every transaction has at least two entries and balances per currency."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.invariants import Violation, selected

NAME = "ledger.balanced_transactions"
DESCRIPTION = "Every transaction has at least two entries and balances in each currency."

_LOPSIDED = """
SELECT transaction_id, 'out of balance by ' || sum(CASE direction WHEN 'debit' THEN amount ELSE -amount END)
       || ' ' || currency
FROM ledger_entry GROUP BY transaction_id, currency
HAVING sum(CASE direction WHEN 'debit' THEN amount ELSE -amount END) <> 0
"""
_TOO_FEW = """
SELECT t.id, 'has ' || count(e.id) || ' entries'
FROM ledger_transaction t LEFT JOIN ledger_entry e ON e.transaction_id = t.id GROUP BY t.id HAVING count(e.id) < 2
"""


def violations() -> Iterator[Violation]:
    """Transactions that are lopsided, single or empty."""
    for query in (_LOPSIDED, _TOO_FEW):
        yield from selected(query)
