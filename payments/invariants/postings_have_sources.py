"""No money moves in the ledger without the operation or the anomaly that moved it."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.invariants import Violation, selected

NAME = "payments.postings_have_sources"
DESCRIPTION = (
    "Every posting of an operation or an anomaly names one that exists, of the same merchant and mode, and every posting "
    "of a provider's object belongs to an anomaly."
)

_FORGED = """
SELECT t.id, CASE WHEN s.id IS NULL THEN 'was posted for an {source} that does not exist'
       ELSE 'was posted for an {source} of another merchant or mode' END
FROM ledger_transaction t LEFT JOIN payments_{source} s ON s.id = t.source_id
WHERE t.source_type = '{source}'
  AND (s.id IS NULL OR s.merchant_id IS DISTINCT FROM t.merchant_id OR s.livemode <> t.livemode)
"""
# An object of a provider is no row of ours. Its posting is made at the moment at which an anomaly of the kind that its event
# begins with is opened, or closed because the money came back.
_UNTOLD = """
SELECT t.id, 'was posted for a provider''s object, and no anomaly tells of it'
FROM ledger_transaction t
WHERE t.source_type = 'provider_object'
  AND NOT EXISTS (SELECT FROM payments_anomaly a WHERE a.merchant_id = t.merchant_id AND a.livemode = t.livemode
                  AND a.kind = split_part(t.event, ':', 1) AND a.created_at = t.created_at)
  AND NOT EXISTS (SELECT FROM payments_anomaly a WHERE a.merchant_id = t.merchant_id AND a.livemode = t.livemode
                  AND a.kind = split_part(t.event, ':', 1) AND a.resolved_at = t.created_at)
"""


def violations() -> Iterator[Violation]:
    """Ledger transactions without their source."""
    for query in (_FORGED.format(source="operation"), _FORGED.format(source="anomaly"), _UNTOLD):
        yield from selected(query)
