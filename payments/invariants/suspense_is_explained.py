"""Money in suspense waits for a person, and every such sum has its anomaly."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.invariants import Violation, selected

NAME = "payments.suspense_is_explained"
DESCRIPTION = (
    "The suspense account equals the sum of the open anomalies, per merchant, mode and currency; what was decided of the "
    "others went where they say, once."
)

_DIFFERENCES = """
WITH booked AS (
    SELECT a.merchant_id, a.livemode, a.currency,
           sum(CASE e.direction WHEN 'credit' THEN e.amount ELSE -e.amount END) AS amount
    FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id AND a.type = 'suspense'
    GROUP BY 1, 2, 3
), explained AS (
    SELECT merchant_id, livemode, currency, sum(amount) AS amount
    FROM payments_anomaly WHERE resolved_at IS NULL AND amount <> 0 GROUP BY 1, 2, 3
)
SELECT coalesce(b.merchant_id, x.merchant_id), coalesce(b.currency, x.currency) || ': ' || coalesce(b.amount, 0)
       || ' in suspense, ' || coalesce(x.amount, 0) || ' in open anomalies'
FROM booked b FULL JOIN explained x
  ON x.merchant_id = b.merchant_id AND x.livemode = b.livemode AND x.currency = b.currency
WHERE coalesce(b.amount, 0) <> coalesce(x.amount, 0)
"""
# Per anomaly and type of account, debits less credits: what its decision moves, less what was posted for it.
_DECISIONS = """
WITH nets AS (
    SELECT n.id, moved.account, n.currency, moved.net
    FROM payments_anomaly n
    CROSS JOIN LATERAL (
        VALUES ('suspense', n.amount),
               (CASE n.posting WHEN 'credit_merchant' THEN 'merchant_pending'
                               WHEN 'charge_merchant' THEN 'merchant_receivable' ELSE 'write_offs' END, -n.amount)
    ) AS moved (account, net)
    WHERE n.posting IN ('credit_merchant', 'charge_merchant', 'write_off')
    UNION ALL
    SELECT t.source_id, a.type, e.currency, CASE e.direction WHEN 'debit' THEN -e.amount ELSE e.amount END
    FROM ledger_transaction t
    JOIN ledger_entry e ON e.transaction_id = t.id
    JOIN ledger_account a ON a.id = e.account_id
    WHERE t.source_type = 'anomaly'
), differences AS (
    SELECT id, account, currency, sum(net) AS net FROM nets GROUP BY id, account, currency HAVING sum(net) <> 0
)
SELECT id, 'its decision moves more than the ledger by '
       || string_agg(account || ' ' || net || ' ' || currency, ', ' ORDER BY account, currency)
FROM differences GROUP BY id
"""


def violations() -> Iterator[Violation]:
    """Merchants whose suspense differs from their open anomalies, and anomalies whose decision differs from its posting."""
    for query in (_DIFFERENCES, _DECISIONS):
        yield from selected(query)
