"""The refunded amounts of a payment and its order: reserve, settle, release.

The callers are the refunds app's services. They hold the order's and the payment's locks, write the refund, its postings and its
events; here only the amounts and versions move, and the database's CHECKs stand behind every step.
"""

from __future__ import annotations

from payments.errors import AmountTooLarge
from payments.models import Payment
from payments.selectors.orders import order_for_update


def reserve_refund(payment: Payment, amount: int) -> None:
    """Set `amount` aside for a refund. Raises `AmountTooLarge` when less is left."""
    if amount > payment.amount_refundable:
        raise AmountTooLarge(
            "The amount is more than what can be refunded.", amount_refundable=payment.amount_refundable
        )
    payment.amount_refund_pending += amount
    _save(payment)


def settle_refund_amount(payment: Payment, amount: int) -> None:
    """The reserved amount has gone back to the customer."""
    payment.amount_refund_pending -= amount
    payment.amount_refunded += amount
    _save(payment)
    _count(payment, amount)


def release_refund(payment: Payment, amount: int) -> None:
    """The refund came to nothing: its reserve is free again."""
    payment.amount_refund_pending -= amount
    _save(payment)


def unsettle_refund(payment: Payment, amount: int) -> None:
    """The bank has returned a refund that had succeeded."""
    payment.amount_refunded -= amount
    _save(payment)
    _count(payment, -amount)


def _save(payment: Payment) -> None:
    payment.version += 1
    payment.save(update_fields=["amount_refund_pending", "amount_refunded", "version"])


def _count(payment: Payment, amount: int) -> None:
    """Money that never counted as paid does not count as refunded either."""
    if payment.counts_toward_order:
        order = order_for_update(payment.order_id)
        order.amount_refunded += amount
        order.version += 1
        order.save(update_fields=["amount_refunded", "version"])
