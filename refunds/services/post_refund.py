"""The ledger's side of a refund."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from gateway.ledger.rules import AccountKey, Line, credit, debit
from gateway.ledger.services.post import post
from payments.models import Payment
from payments.rules.ledger_accounts import (
    gateway_fees,
    merchant_available,
    merchant_pending,
    merchant_receivable,
    provider_clearing,
    refunds_in_transit,
)
from refunds.models import Refund
from refunds.rules.legs import AVAILABLE, PENDING, RECEIVABLE, Leg, by_account

RefundFactName = Literal[
    "opened", "succeeded", "fee_returned", "success_reversed", "fee_return_reversed", "failed", "canceled"
]
_SOURCES: dict[str, Callable[[Payment], AccountKey]] = {
    PENDING: merchant_pending,
    AVAILABLE: merchant_available,
    RECEIVABLE: merchant_receivable,
}


def post_refund(*, refund: Refund, payment: Payment, event: RefundFactName, now: datetime) -> None:
    """Post one fact of the refund, once: each is a source of its own. The caller holds the payment's and the refund's
    rows.
    """
    post(
        source_type="refund",
        source_id=refund.id,
        event=event,
        lines=_lines(refund, payment, event),
        now=now,
        merchant_id=refund.merchant_id,
        livemode=refund.livemode,
        description=f"refund {event.replace('_', ' ')}",
    )


def _lines(refund: Refund, payment: Payment, event: RefundFactName) -> list[Line]:
    transit, clearing = refunds_in_transit(payment), provider_clearing(payment)
    sums = by_account(Leg(**leg) for leg in refund.legs)
    if event == "opened":
        sources = [debit(_SOURCES[account](payment), amount) for account, amount in sums.items()]
        return [*sources, credit(transit, refund.amount)]
    if event == "succeeded":
        return [debit(transit, refund.amount), credit(clearing, refund.amount)]
    if event == "success_reversed":
        return [debit(clearing, refund.amount), credit(transit, refund.amount)]
    if event in ("fee_returned", "fee_return_reversed"):
        return _fee_lines(refund, payment, is_returned=event == "fee_returned")
    # Leg by leg back to where each came from.
    returns = [credit(_SOURCES[account](payment), amount) for account, amount in sums.items()]
    return [debit(transit, refund.amount), *returns]


def _fee_lines(refund: Refund, payment: Payment, *, is_returned: bool) -> list[Line]:
    ours, theirs = (debit, credit) if is_returned else (credit, debit)
    sums = by_account(Leg(**leg) for leg in refund.fee_legs)
    lines = [theirs(_SOURCES[account](payment), amount) for account, amount in sums.items()]
    return [ours(gateway_fees(payment), refund.fee_returned), *lines]
