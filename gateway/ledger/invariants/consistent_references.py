"""Entries, accounts and transactions agree about currency, mode and merchant, and no entry is an orphan."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.invariants import Violation, selected

NAME = "ledger.consistent_references"
DESCRIPTION = "An entry has its transaction and account, and agrees with them in currency, mode and merchant."

_CONTRADICTIONS = """
SELECT e.id, CASE WHEN t.id IS NULL THEN 'has no transaction' WHEN a.id IS NULL THEN 'has no account'
       WHEN a.currency <> e.currency THEN 'is in another currency than its account'
       WHEN a.livemode <> t.livemode THEN 'is in another mode than its account'
       ELSE 'is of another merchant than its account' END
FROM ledger_entry e LEFT JOIN ledger_transaction t ON t.id = e.transaction_id
LEFT JOIN ledger_account a ON a.id = e.account_id
WHERE t.id IS NULL OR a.id IS NULL OR a.currency <> e.currency OR a.livemode <> t.livemode
   OR (a.merchant_id IS NOT NULL AND a.merchant_id IS DISTINCT FROM t.merchant_id)
"""


def violations() -> Iterator[Violation]:
    """Entries that contradict what they refer to."""
    return selected(_CONTRADICTIONS)
