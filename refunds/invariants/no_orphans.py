"""A refund's payment exists, in the same merchant, mode, order and currency."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.invariants import Violation, broken_links, selected

NAME = "refunds.no_orphans"
DESCRIPTION = "Every refund belongs to a payment of the same merchant, mode, order and currency."

_LINKS = (
    # child table, column, parent table (payments are partitioned: no foreign key can tell)
    ("refunds_refund", "payment_id", "payments_payment"),
    ("refunds_refund", "order_id", "payments_order"),
    ("refunds_refund", "provider_account_id", "payments_provideraccount"),
)
_DISAGREE = """
SELECT r.id, 'is in another order or currency than its payment'
FROM refunds_refund r JOIN payments_payment p ON p.id = r.payment_id
WHERE p.order_id <> r.order_id OR p.currency <> r.currency
"""


def violations() -> Iterator[Violation]:
    """Refunds whose payment is missing, somebody else's, or in another order or currency."""
    yield from broken_links(_LINKS)
    yield from selected(_DISAGREE)
