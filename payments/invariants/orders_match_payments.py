"""An order's amounts and status follow from its payments."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.invariants import Violation, selected

NAME = "payments.orders_match_payments"
DESCRIPTION = "Orders count exactly the money of their payments, and at most one payment of an order is live."

_AMOUNTS = """
WITH sums AS (
    SELECT order_id, sum(amount_captured) AS paid, sum(amount_refunded) AS refunded
    FROM payments_payment WHERE counts_toward_order GROUP BY order_id
)
SELECT o.id, o.status || ': paid ' || o.amount_paid || ', refunded ' || o.amount_refunded || '; its payments say '
       || coalesce(s.paid, 0) || ' and ' || coalesce(s.refunded, 0)
FROM payments_order o LEFT JOIN sums s ON s.order_id = o.id
WHERE o.amount_paid <> coalesce(s.paid, 0) OR o.amount_refunded <> coalesce(s.refunded, 0)
   OR (o.status = 'paid') <> (o.amount_paid >= o.amount)
"""
_LIVE = """
SELECT p.id, 'is ' || p.status || ' and not what its order waits for'
FROM payments_payment p JOIN payments_order o ON o.id = p.order_id
WHERE p.status IN ('processing', 'requires_action', 'requires_capture', 'requires_review') AND p.counts_toward_order
  AND o.live_payment_id IS DISTINCT FROM p.id AND o.next_payment_id IS DISTINCT FROM p.id
UNION ALL
SELECT o.id, 'waits for a payment that is ' || coalesce(p.status, 'gone')
FROM payments_order o LEFT JOIN payments_payment p ON p.id = o.live_payment_id
WHERE o.live_payment_id IS NOT NULL
  AND coalesce(p.status, '') NOT IN ('processing', 'requires_action', 'requires_capture', 'requires_review')
UNION ALL
SELECT o.id, 'has a payment queued behind none' FROM payments_order o
WHERE o.next_payment_id IS NOT NULL AND o.live_payment_id IS NULL
"""


def violations() -> Iterator[Violation]:
    """Orders that contradict their payments."""
    for query in (_AMOUNTS, _LIVE):
        yield from selected(query)
