"""A refund's payment exists, in the same merchant, mode and currency."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.invariants import Violation
from payments.models import Payment
from refunds.models import Refund

NAME = "refunds.no_orphans"
DESCRIPTION = "Every refund belongs to a payment of the same merchant, mode, order and currency."


def violations() -> Iterator[Violation]:
    """Refunds whose payment is missing or somebody else's (payments are partitioned: no foreign key can tell)."""
    reason = "an invariant looks at everybody's rows"
    for refund in Refund.objects.unscoped(reason).order_by("id").iterator():
        payment = Payment.objects.unscoped(reason).filter(id=refund.payment_id).first()
        if payment is None:
            yield Violation(refund.public_id, "its payment does not exist")
            continue
        own = (refund.merchant_id, refund.livemode, refund.order_id, refund.currency)
        if own != (payment.merchant_id, payment.livemode, payment.order_id, payment.currency):
            yield Violation(refund.public_id, f"does not agree with {payment.public_id}")
