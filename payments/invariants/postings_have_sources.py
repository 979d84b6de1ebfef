"""No money moves in the ledger without the operation that moved it."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.invariants import Violation, selected

NAME = "payments.postings_have_sources"
DESCRIPTION = "Every posting of an operation names one that exists, of the same merchant and mode."

_FORGED = """
SELECT t.id, CASE WHEN s.id IS NULL THEN 'was posted for an operation that does not exist'
       ELSE 'was posted for an operation of another merchant or mode' END
FROM ledger_transaction t LEFT JOIN payments_operation s ON s.id = t.source_id
WHERE t.source_type = 'operation'
  AND (s.id IS NULL OR s.merchant_id IS DISTINCT FROM t.merchant_id OR s.livemode <> t.livemode)
"""


def violations() -> Iterator[Violation]:
    """Ledger transactions without their source."""
    return selected(_FORGED)
