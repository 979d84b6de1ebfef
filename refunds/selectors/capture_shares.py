"""The captures of a payment as refunds see them: what each brought, what it cost, what was drawn from it and its fee."""

from __future__ import annotations

from collections import Counter

from payments.models import Payment
from payments.selectors.operations import captures_of
from refunds import states
from refunds.models import Refund
from refunds.rules.fees import FeeShare
from refunds.rules.legs import PENDING, CaptureShare


def capture_shares(payment: Payment) -> list[CaptureShare]:
    """Newest capture first. Meaningful only while the payment's row is locked: refunds draw under that lock."""
    drawn: Counter[str] = Counter()
    pending_drawn: Counter[str] = Counter()
    standing = Refund.objects.for_merchant(payment.tenant).exclude(status__in=(states.FAILED, states.CANCELED))
    for legs, fee_legs in standing.filter(payment_id=payment.id).values_list("legs", "fee_legs"):
        for leg in legs:
            drawn[leg["capture"]] += leg["amount"]
            pending_drawn[leg["capture"]] += leg["amount"] if leg["account"] == PENDING else 0
        for leg in fee_legs:
            pending_drawn[leg["capture"]] -= leg["amount"] if leg["account"] == PENDING else 0
    return [
        CaptureShare(
            capture.public_id,
            capture.captured_amount,
            capture.fee_amount,
            pending_drawn[capture.public_id],
            drawn[capture.public_id],
        )
        for capture in captures_of(payment)
    ]


def fee_shares(payment: Payment) -> list[FeeShare]:
    """The captures and what refunds have returned of their fees so far. The payment's row is locked."""
    refunded: Counter[str] = Counter()
    returned: Counter[str] = Counter()
    done = Refund.objects.for_merchant(payment.tenant).filter(status=states.SUCCEEDED, returns_fee=True)
    for legs, fee_legs in done.filter(payment_id=payment.id).values_list("legs", "fee_legs"):
        for leg in legs:
            refunded[leg["capture"]] += leg["amount"]
        for leg in fee_legs:
            returned[leg["capture"]] += leg["amount"]
    return [
        FeeShare(
            capture.public_id,
            capture.captured_amount,
            capture.fee_amount,
            refunded[capture.public_id],
            returned[capture.public_id],
        )
        for capture in captures_of(payment)
    ]
