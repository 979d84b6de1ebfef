"""Where the money of a refund comes from: captures newest first, and of each its pending part before anything else.

>>> first = CaptureShare("a", captured=10_000, fee=230)
>>> second = CaptureShare("b", captured=5_000, fee=130)
>>> for leg in draw(6_000, (second, first), available=0):
...     print(leg.capture, leg.account, leg.amount)
b merchant_pending 4870
b merchant_receivable 130
a merchant_pending 1000
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

PENDING, AVAILABLE, RECEIVABLE = "merchant_pending", "merchant_available", "merchant_receivable"


@dataclass(frozen=True, slots=True)
class Leg:
    """A part of a refund: so much, of that capture, out of that account of the merchant."""

    capture: str
    account: str
    amount: int


@dataclass(frozen=True, slots=True)
class CaptureShare:
    """A capture as refunds see it. Earlier refunds took `drawn` in all, `pending_drawn` from its pending part."""

    capture: str
    captured: int
    fee: int
    pending_drawn: int = 0
    drawn: int = 0

    @property
    def refundable(self) -> int:
        """What no refund has taken yet."""
        return max(0, self.captured - self.drawn)

    @property
    def held_pending(self) -> int:
        """What is still in merchant_pending of it."""
        return max(0, self.captured - self.fee - self.pending_drawn)


def draw(amount: int, captures: Sequence[CaptureShare], *, available: int) -> list[Leg]:
    """Divide `amount` over the captures, which come newest first. `available` is what merchant_available can give; the
    rest the merchant owes.

    The legs always sum to `amount`. ValueError when the captures hold less than that: the caller checked the payment
    row.
    """
    legs: list[Leg] = []
    for share in captures:
        taken = min(amount, share.refundable)
        amount -= taken
        pending = min(taken, share.held_pending)
        from_available = min(taken - pending, max(0, available))
        available -= from_available
        parts = ((PENDING, pending), (AVAILABLE, from_available), (RECEIVABLE, taken - pending - from_available))
        legs += [Leg(share.capture, account, part) for account, part in parts if part]
    if amount:
        message = "the captures of this payment hold less than the refund takes"
        raise ValueError(message)
    return legs


def needs_available(amount: int, captures: Sequence[CaptureShare]) -> bool:
    """Whether the refund takes more than merchant_pending holds: then merchant_available must be locked.

    >>> share = CaptureShare("a", 10_000, 230)
    >>> needs_available(9_770, [share]), needs_available(9_771, [share])
    (False, True)
    """
    return any(leg.account != PENDING for leg in draw(amount, captures, available=0))


def by_account(legs: Iterable[Leg]) -> dict[str, int]:
    """The legs summed per account: one ledger line each."""
    sums: dict[str, int] = {}
    for leg in legs:
        sums[leg.account] = sums.get(leg.account, 0) + leg.amount
    return sums
