"""Money: an integer amount of minor units beside a currency. There is no float anywhere.

>>> Money(4999, "EUR") + Money(1, "EUR")
Money(amount=5000, currency='EUR')
>>> Money(4999, "EUR").decimal()
Decimal('49.99')
>>> split(100, (1, 1, 1))
[34, 33, 33]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from gateway.core.currencies import minor_digits

# One million millions of minor units: far above any card payment, far below BIGINT, so that sums never overflow.
MAX_AMOUNT = 999_999_999_999


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency. Arithmetic between currencies raises ValueError."""

    amount: int
    currency: str

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other).amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other).amount, self.currency)

    def decimal(self) -> Decimal:
        """The amount in major units, exactly: for display only."""
        return Decimal(self.amount).scaleb(-minor_digits(self.currency))

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            message = f"{self.currency} and {other.currency} do not mix"
            raise ValueError(message)
        return other


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Divide `total` by `weights` with the largest remainder method: the parts sum to the whole, always.

    Ties go to the earlier part. Weights are non-negative and not all zero; a negative total is split as its opposite.

    >>> split(5, (70, 30))
    [4, 1]
    >>> split(-100, (1, 2))
    [-33, -67]
    """
    whole = sum(weights)
    if whole <= 0 or any(weight < 0 for weight in weights):
        message = "weights must be non-negative and not all zero"
        raise ValueError(message)
    if total < 0:
        return [-part for part in split(-total, weights)]
    parts = [total * weight // whole for weight in weights]
    remainders = [(-(total * weight % whole), index) for index, weight in enumerate(weights)]
    for _, index in sorted(remainders)[: total - sum(parts)]:
        parts[index] += 1
    return parts
