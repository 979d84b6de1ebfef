"""Every line of a settlement file that is posted has one posting of its own, and the ledger's settlements have a line each."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from gateway.core.invariants import Violation

NAME = "reconciliation.lines_match_ledger"
DESCRIPTION = (
    "Settlement lines are posted as the provider settled them: cash, fees and clearing, one posting for each line."
)

_DIFFERENCES = """
WITH posted AS (
    SELECT t.id,
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
    SELECT transaction_id, count(*) AS count, min(id::text) AS line, sum(net) AS net, sum(fee) AS fee, sum(gross) AS gross
    FROM reconciliation_settlementline WHERE transaction_id IS NOT NULL GROUP BY transaction_id
)
SELECT coalesce(l.line, p.id::text), coalesce(l.count, 0),
       coalesce(l.net, 0), coalesce(l.fee, 0), coalesce(p.cash, 0), coalesce(p.fees, 0)
FROM posted p FULL JOIN lines l ON l.transaction_id = p.id
WHERE l.count IS DISTINCT FROM 1 OR p.cash IS DISTINCT FROM l.net OR p.fees IS DISTINCT FROM l.fee
   OR p.clearing IS DISTINCT FROM -l.gross
"""


def violations() -> Iterator[Violation]:
    """Lines whose posting is missing, shared or different, and settlements in the ledger without a line."""
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENCES)
        for subject, count, net, fee, cash, fees in cursor.fetchall():
            yield Violation(
                subject, f"{count} lines: net {net} and fee {fee}; the ledger has cash {cash} and fees {fees}"
            )
