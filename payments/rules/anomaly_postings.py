"""What may become of money in suspense when a person resolves its anomaly, and who may say so.

What gives out or takes from the gateway's money is for its operator's staff alone: what stands in suspense is nobody's yet,
so a merchant who credited it to itself, or wrote its own debt off, would help itself to what is not its own.

>>> [str(choice) for choice in choices_for(4900, is_staff=True)], choices_for(4900, is_staff=False)
(['credit_merchant', 'write_off'], ())
>>> [str(choice) for choice in choices_for(-250, is_staff=True)]
['charge_merchant', 'write_off']
>>> [str(choice) for choice in choices_for(-250, is_staff=False)], choices_for(0, is_staff=True)
(['charge_merchant'], ())
>>> is_for_staff(4900), is_for_staff(-250), is_for_staff(0)
(True, False, False)
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


# What costs the gateway nothing.
_LEFT_TO_MERCHANTS = frozenset({AnomalyPosting.CHARGE_MERCHANT})


def choices_for(amount: int, *, is_staff: bool) -> tuple[AnomalyPosting, ...]:
    """The postings of an anomaly's amount (negative: money went out) that this side may choose; none for no money."""
    if amount == 0:
        return ()
    merchants = AnomalyPosting.CREDIT_MERCHANT if amount > 0 else AnomalyPosting.CHARGE_MERCHANT
    fitting = (merchants, AnomalyPosting.WRITE_OFF)
    return fitting if is_staff else tuple(one for one in fitting if one in _LEFT_TO_MERCHANTS)


def is_for_staff(amount: int) -> bool:
    """Whether nothing is left that the merchant itself could choose."""
    return amount != 0 and not choices_for(amount, is_staff=False)


def lines_for(owner: MoneyOwner, amount: int, posting: AnomalyPosting) -> tuple[Line, Line]:
    """The lines that empty suspense of `amount`."""
    held, target = suspense(owner), _ACCOUNTS[posting](owner)
    if amount > 0:
        return debit(held, amount), credit(target, amount)
    return debit(target, -amount), credit(held, -amount)
