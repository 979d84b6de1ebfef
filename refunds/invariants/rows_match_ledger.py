"""A refund's row and its legs say what the ledger says."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.invariants import Violation, selected

NAME = "refunds.rows_match_ledger"
DESCRIPTION = (
    "What a refund took from each account, holds in transit, sent out and brought back of our fee is what its row says."
)

# Per refund and type of account, debits less credits: what the row says, less what the ledger has.
_QUERY = """
WITH standing AS (
    SELECT * FROM refunds_refund WHERE status NOT IN ('failed', 'canceled')
), nets AS (
    SELECT id, leg ->> 'account' AS account, (leg ->> 'amount')::bigint AS net
    FROM standing, jsonb_array_elements(legs) AS leg
    UNION ALL
    SELECT id, CASE status WHEN 'succeeded' THEN 'provider_clearing' ELSE 'refunds_in_transit' END, -amount FROM standing
    UNION ALL
    SELECT id, leg ->> 'account', -(leg ->> 'amount')::bigint FROM standing, jsonb_array_elements(fee_legs) AS leg
    UNION ALL
    SELECT id, 'gateway_fees', fee_returned FROM standing
    UNION ALL
    SELECT t.source_id, a.type, CASE e.direction WHEN 'debit' THEN -e.amount ELSE e.amount END
    FROM ledger_transaction t
    JOIN ledger_entry e ON e.transaction_id = t.id
    JOIN ledger_account a ON a.id = e.account_id
    WHERE t.source_type = 'refund'
), differences AS (
    SELECT id, account, sum(net) AS net FROM nets GROUP BY id, account HAVING sum(net) <> 0
)
SELECT r.id, r.status || ': the row says more than the ledger by '
       || string_agg(d.account || ' ' || d.net, ', ' ORDER BY d.account)
FROM differences d JOIN refunds_refund r ON r.id = d.id
GROUP BY r.id, r.status
"""


def violations() -> Iterator[Violation]:
    """Refunds whose net postings differ from their rows."""
    yield from selected(_QUERY)
