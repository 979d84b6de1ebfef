"""Every line of a settlement file that is posted has one posting of its own, and the ledger's settlements have a line each."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.invariants import Violation, selected

NAME = "reconciliation.lines_match_ledger"
DESCRIPTION = (
    "Settlement lines are posted as the provider settled them: cash, fees and clearing, one posting for each line, and "
    "what stands in suspense because of a line is what it differs by."
)

_SETTLEMENTS = """
WITH posted AS (
    SELECT t.id, t.merchant_id, t.livemode,
           coalesce(sum(s.amount) FILTER (WHERE s.type = 'cash'), 0) AS cash,
           coalesce(sum(s.amount) FILTER (WHERE s.type = 'provider_fees'), 0) AS fees,
           coalesce(sum(s.amount) FILTER (WHERE s.type = 'provider_clearing'), 0) AS clearing
    FROM ledger_transaction t
    LEFT JOIN LATERAL (
        SELECT a.type, CASE e.direction WHEN 'debit' THEN e.amount ELSE -e.amount END AS amount
        FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id WHERE e.transaction_id = t.id
    ) s ON true
    WHERE t.source_type = 'settlement' GROUP BY t.id
), lines AS (
    SELECT transaction_id, merchant_id, livemode, count(*) AS count, min(id::text) AS line,
           sum(net) AS net, sum(fee) AS fee, sum(gross) AS gross
    FROM reconciliation_settlementline WHERE transaction_id IS NOT NULL GROUP BY 1, 2, 3
)
SELECT coalesce(l.line, p.id::text),
       coalesce(l.count, 0) || ' lines: net ' || coalesce(l.net, 0) || ' and fee ' || coalesce(l.fee, 0)
       || '; the ledger has cash ' || coalesce(p.cash, 0) || ' and fees ' || coalesce(p.fees, 0)
FROM posted p
FULL JOIN lines l ON l.transaction_id = p.id AND l.merchant_id = p.merchant_id AND l.livemode = p.livemode
WHERE l.count IS DISTINCT FROM 1 OR p.cash IS DISTINCT FROM l.net OR p.fees IS DISTINCT FROM l.fee
   OR p.clearing IS DISTINCT FROM -l.gross
"""
_SUSPENDED = """
WITH posted AS (
    SELECT t.source_id, t.merchant_id, t.livemode,
           sum(CASE e.direction WHEN 'credit' THEN e.amount ELSE -e.amount END) AS amount
    FROM ledger_transaction t
    JOIN ledger_entry e ON e.transaction_id = t.id
    JOIN ledger_account a ON a.id = e.account_id AND a.type = 'suspense'
    WHERE t.source_type = 'settlement_difference' GROUP BY 1, 2, 3
)
SELECT p.source_id, p.amount || ' went to suspense because of this line, '
       || CASE WHEN l.id IS NULL THEN 'which does not exist'
               ELSE 'which differs by ' || CASE WHEN l.is_duplicate THEN l.gross ELSE l.gross - l.expected END END
FROM posted p
LEFT JOIN reconciliation_settlementline l
       ON l.id = p.source_id AND l.merchant_id = p.merchant_id AND l.livemode = p.livemode
WHERE l.anomaly_id IS NULL OR p.amount <> CASE WHEN l.is_duplicate THEN l.gross ELSE l.gross - l.expected END
"""


def violations() -> Iterator[Violation]:
    """Lines whose posting is missing, shared or different, and postings of settlements without a line."""
    for query in (_SETTLEMENTS, _SUSPENDED):
        yield from selected(query)
