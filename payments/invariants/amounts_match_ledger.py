"""What a payment says it authorised and captured is what the ledger says."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.invariants import Violation, selected

NAME = "payments.amounts_match_ledger"
DESCRIPTION = "Captured amounts, fees and open authorisations of payments are those of the ledger."

# Per operation and type of account, debits less credits: what the row says, less what the ledger has under any name. The
# memo of an authorisation is compared per payment.
_OPERATIONS = """
WITH nets AS (
    SELECT o.id, expected.account, o.currency, expected.net
    FROM payments_operation o
    CROSS JOIN LATERAL (VALUES ('provider_clearing', o.captured_amount),
                               ('merchant_pending', o.fee_amount - o.captured_amount),
                               ('gateway_fees', -o.fee_amount)) AS expected (account, net)
    WHERE o.captured_amount <> 0 OR o.fee_amount <> 0
    UNION ALL
    SELECT t.source_id, a.type, e.currency, CASE e.direction WHEN 'debit' THEN -e.amount ELSE e.amount END
    FROM ledger_transaction t
    JOIN ledger_entry e ON e.transaction_id = t.id
    JOIN ledger_account a ON a.id = e.account_id
    WHERE t.source_type = 'operation' AND a.type NOT IN ('authorizations_receivable', 'authorizations_payable')
), differences AS (
    SELECT id, account, currency, sum(net) AS net FROM nets GROUP BY id, account, currency HAVING sum(net) <> 0
)
SELECT id, 'the row says more than the ledger by '
       || string_agg(account || ' ' || net || ' ' || currency, ', ' ORDER BY account, currency)
FROM differences GROUP BY id
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
