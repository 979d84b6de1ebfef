"""A checkpoint equals the sum of the entries it covers, recomputed from entries alone."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.invariants import Violation, selected

NAME = "ledger.true_checkpoints"
DESCRIPTION = "Every checkpoint equals the sum of the entries that it covers."

# The entries are read once for all checkpoints of an account: between two of them, then summed up.
_LIES = """
WITH spans AS (
    SELECT id, account_id, debits_less_credits, through_id,
           coalesce(lag(through_id) OVER mine, '00000000-0000-0000-0000-000000000000'::uuid) AS from_id
    FROM ledger_checkpoint WINDOW mine AS (PARTITION BY account_id ORDER BY through_id)
), counted AS (
    SELECT s.id, s.debits_less_credits, sum(coalesce((
        SELECT sum(CASE e.direction WHEN 'debit' THEN e.amount ELSE -e.amount END) FROM ledger_entry e
        WHERE e.account_id = s.account_id AND e.id >= s.from_id AND e.id < s.through_id
    ), 0)) OVER (PARTITION BY s.account_id ORDER BY s.through_id) AS total
    FROM spans s
)
SELECT id, 'says ' || debits_less_credits || ', the entries say ' || total
FROM counted WHERE debits_less_credits <> total
"""


def violations() -> Iterator[Violation]:
    """Checkpoints that tell another balance than their entries."""
    return selected(_LIES)
