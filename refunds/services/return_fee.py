"""Our fee on its way back with a refund, where the merchant's policy says so."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from payments.models import Payment
from refunds.models import Refund
from refunds.rules.fees import fee_returns
from refunds.rules.legs import Leg
from refunds.selectors.capture_shares import fee_shares
from refunds.services.post_refund import post_refund


def return_fee(*, refund: Refund, payment: Payment, now: datetime) -> None:
    """Note and post what this refund, which is about to be written as succeeded, brings back of our fee.

    The caller holds the payment's lock and saves the refund. Nothing happens where the fee is kept.
    """
    if not refund.returns_fee:
        return
    legs = fee_returns([Leg(**leg) for leg in refund.legs], fee_shares(payment))
    refund.fee_legs = [asdict(leg) for leg in legs]
    refund.fee_returned = sum(leg.amount for leg in legs)
    if legs:
        post_refund(refund=refund, payment=payment, event="fee_returned", now=now)


def take_fee_again(*, refund: Refund, payment: Payment, now: datetime) -> None:
    """The refund failed after success: reverse what it returned of our fee. The caller saves the refund."""
    if refund.fee_returned:
        post_refund(refund=refund, payment=payment, event="fee_return_reversed", now=now)
        refund.fee_legs, refund.fee_returned = [], 0
