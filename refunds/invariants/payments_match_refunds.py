"""What a payment says was or will be sent back is the sum of its refunds."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.invariants import Violation, selected

NAME = "refunds.payments_match_refunds"
DESCRIPTION = "A payment's refunded and reserved amounts are the sums of its refunds."

_DIFFERENCES = """
WITH sums AS (
    SELECT payment_id, sum(amount) FILTER (WHERE status = 'succeeded') AS refunded,
           sum(amount) FILTER (WHERE status IN ('pending', 'processing')) AS pending
    FROM refunds_refund GROUP BY payment_id
)
SELECT p.id, 'refunded ' || p.amount_refunded || ', pending ' || p.amount_refund_pending || '; its refunds say '
       || coalesce(s.refunded, 0) || ' and ' || coalesce(s.pending, 0)
FROM payments_payment p LEFT JOIN sums s ON s.payment_id = p.id
WHERE p.amount_refunded <> coalesce(s.refunded, 0) OR p.amount_refund_pending <> coalesce(s.pending, 0)
"""


def violations() -> Iterator[Violation]:
    """Payments whose amounts differ from their refunds."""
    return selected(_DIFFERENCES)
