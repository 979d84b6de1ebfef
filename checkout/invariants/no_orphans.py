"""A checkout session and its attempts stay with the merchant and the mode of their order."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.invariants import Violation, broken_links

NAME = "checkout.no_orphans"
DESCRIPTION = "Every checkout session and attempt leads to an order and a payment of the same merchant and mode."

_LINKS = (
    # child table, column, parent table
    ("checkout_checkoutsession", "order_id", "payments_order"),
    ("checkout_attempt", "session_id", "checkout_checkoutsession"),
    ("checkout_attempt", "payment_id", "payments_payment"),
)


def violations() -> Iterator[Violation]:
    """Sessions and attempts that lead nowhere or to somebody else's."""
    return broken_links(_LINKS)
