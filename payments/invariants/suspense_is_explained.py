"""Money in suspense waits for a person, and every such sum has its anomaly."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.invariants import Violation, selected

NAME = "payments.suspense_is_explained"
DESCRIPTION = "The suspense account equals the sum of the open anomalies, per merchant, mode and currency."

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


def violations() -> Iterator[Violation]:
    """Merchants whose suspense differs from their open anomalies."""
    return selected(_DIFFERENCES)
