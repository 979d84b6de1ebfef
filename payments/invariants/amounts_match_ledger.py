"""What a payment says it authorised and captured is what the ledger says."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.invariants import Violation, selected

NAME = "payments.amounts_match_ledger"
DESCRIPTION = "Captured amounts, fees and open authorisations of payments are those of the ledger."

_OPERATIONS = """
WITH posted AS (
    SELECT t.source_id, sum(e.amount) FILTER (WHERE t.event = 'captured') AS captured,
           sum(e.amount) FILTER (WHERE t.event = 'fee') AS fee
    FROM ledger_transaction t JOIN ledger_entry e ON e.transaction_id = t.id AND e.direction = 'debit'
    WHERE t.source_type = 'operation' AND t.event IN ('captured', 'fee')
    GROUP BY t.source_id
)
SELECT o.id, 'captured ' || o.captured_amount || ' and fee ' || o.fee_amount || ', the ledger says '
       || coalesce(p.captured, 0) || ' and ' || coalesce(p.fee, 0)
FROM payments_operation o LEFT JOIN posted p ON p.source_id = o.id
WHERE o.captured_amount <> coalesce(p.captured, 0) OR o.fee_amount <> coalesce(p.fee, 0)
"""
_PAYMENTS = """
WITH sums AS (
    SELECT payment_id, sum(captured_amount) AS captured FROM payments_operation GROUP BY payment_id
), memos AS (
    SELECT o.payment_id, sum(CASE e.direction WHEN 'debit' THEN e.amount ELSE -e.amount END) AS open,
           sum(e.amount) FILTER (WHERE t.event = 'authorized') AS authorized
    FROM payments_operation o
    JOIN ledger_transaction t ON t.source_type = 'operation' AND t.source_id = o.id
    JOIN ledger_entry e ON e.transaction_id = t.id
    JOIN ledger_account a ON a.id = e.account_id AND a.type = 'authorizations_receivable'
    GROUP BY o.payment_id
)
SELECT p.id, p.status || ': authorised ' || p.amount_authorized || ', captured ' || p.amount_captured
       || '; its operations captured ' || coalesce(s.captured, 0) || ', the ledger authorised '
       || coalesce(m.authorized, 0) || ', of which open ' || coalesce(m.open, 0)
FROM payments_payment p
LEFT JOIN sums s ON s.payment_id = p.id
LEFT JOIN memos m ON m.payment_id = p.id
WHERE p.amount_captured <> coalesce(s.captured, 0) OR p.amount_authorized <> coalesce(m.authorized, 0)
   OR coalesce(m.open, 0) <> CASE WHEN p.status = 'requires_capture' THEN p.amount_authorized - p.amount_captured ELSE 0 END
"""


def violations() -> Iterator[Violation]:
    """Operations and payments whose amounts differ from their postings."""
    for query in (_OPERATIONS, _PAYMENTS):
        yield from selected(query)
