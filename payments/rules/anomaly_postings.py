"""What may become of money in suspense when a person resolves its anomaly.

>>> [str(choice) for choice in choices_for(4900)], [str(choice) for choice in choices_for(-250)], choices_for(0)
(['credit_merchant', 'write_off'], ['charge_merchant', 'write_off'], ())
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from gateway.ledger.rules import AccountKey, Line, credit, debit
from payments.rules.ledger_accounts import MoneyOwner, merchant_pending, merchant_receivable, suspense, write_offs


class AnomalyPosting(StrEnum):
    """Who ends up with it."""

    CREDIT_MERCHANT = "credit_merchant"  # money that came in is the merchant's
    CHARGE_MERCHANT = "charge_merchant"  # money that went out is owed by the merchant
    WRITE_OFF = "write_off"  # the gateway's own gain or loss


_ACCOUNTS: dict[AnomalyPosting, Callable[[MoneyOwner], AccountKey]] = {
    AnomalyPosting.CREDIT_MERCHANT: merchant_pending,
    AnomalyPosting.CHARGE_MERCHANT: merchant_receivable,
    AnomalyPosting.WRITE_OFF: write_offs,
}


def choices_for(amount: int) -> tuple[AnomalyPosting, ...]:
    """The postings that fit an anomaly's amount (negative: money went out); none where no money is in suspense."""
    if amount == 0:
        return ()
    merchants = AnomalyPosting.CREDIT_MERCHANT if amount > 0 else AnomalyPosting.CHARGE_MERCHANT
    return merchants, AnomalyPosting.WRITE_OFF


def lines_for(owner: MoneyOwner, amount: int, posting: AnomalyPosting) -> tuple[Line, Line]:
    """The lines that empty suspense of `amount`."""
    held, target = suspense(owner), _ACCOUNTS[posting](owner)
    if amount > 0:
        return debit(held, amount), credit(target, amount)
    return debit(target, -amount), credit(held, -amount)
