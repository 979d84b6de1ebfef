"""How much of our fee a refund brings back, and where to.

Of each capture the returned fee follows the returned money: after every refund it is the whole part of
fee * refunded / captured, so that refunds of everything, in whatever parts, return the fee to the last unit.

>>> full = FeeShare("a", captured=10_000, fee=230)
>>> for leg in fee_returns([Leg("a", PENDING, 9_770), Leg("a", RECEIVABLE, 230)], [full]):
...     print(leg.account, leg.amount)
merchant_receivable 230
>>> third = FeeShare("b", captured=3, fee=1)
>>> [sum(leg.amount for leg in fee_returns([Leg("b", PENDING, 1)], [FeeShare("b", 3, 1, refunded=n)])) for n in (0, 1, 2)]
[0, 0, 1]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from refunds.rules.legs import AVAILABLE, PENDING, RECEIVABLE, Leg

# The fee was what the capture lacked, so it fills first what the refund took beyond it: a debt, then released money.
_ORDER = (RECEIVABLE, AVAILABLE, PENDING)


@dataclass(frozen=True, slots=True)
class FeeShare:
    """A capture and its fee; earlier refunds that return fees gave `refunded` of it back, and `returned` of its fee."""

    capture: str
    captured: int
    fee: int
    refunded: int = 0
    returned: int = 0

    def due(self, amount: int) -> int:
        """What a refund of so much more brings back; nothing when more has been returned than is due."""
        return max(0, self.fee * (self.refunded + amount) // self.captured - self.returned)


def fee_returns(legs: Sequence[Leg], shares: Sequence[FeeShare]) -> list[Leg]:
    """The parts of the fee that a refund with these legs returns, each with the account that gets it."""
    returns: list[Leg] = []
    for share in shares:
        taken = [leg for leg in legs if leg.capture == share.capture]
        if not taken:
            continue
        due = share.due(sum(leg.amount for leg in taken))
        for account in _ORDER:
            part = min(due, sum(leg.amount for leg in taken if leg.account == account))
            due -= part
            if part:
                returns.append(Leg(share.capture, account, part))
        if due:
            returns.append(Leg(share.capture, PENDING, due))
    return returns
