"""Money facts as immutable values: account keys and the lines of a transaction.

>>> clearing = AccountKey("provider_clearing", "EUR", livemode=False)
>>> pending = AccountKey("merchant_pending", "EUR", livemode=False)
>>> lines = (debit(clearing, 100), credit(pending, 100))
>>> imbalance(lines)
{}
>>> imbalance((debit(clearing, 100), credit(pending, 99)))
{'EUR': 1}
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from gateway.ledger.states import DEBIT_NORMAL, AccountType, Direction


@dataclass(frozen=True, slots=True)
class AccountKey:
    """What makes an account one account. A merchant's accounts name the merchant, a provider's the provider account."""

    type: str
    currency: str
    livemode: bool
    merchant_id: UUID | None = None
    provider_account_id: UUID | None = None

    def __post_init__(self) -> None:
        AccountType(self.type)  # an unknown type is a programming error


@dataclass(frozen=True, slots=True)
class Line:
    """One entry to be: a positive amount on one side of one account."""

    account: AccountKey
    direction: Direction
    amount: int

    def __post_init__(self) -> None:
        if self.amount <= 0:
            message = f"an entry's amount must be positive, not {self.amount}"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class PostedFact:
    """A fact that somebody posts: its source type, a regular expression of its events, and the accounts it moves between.

    Each app that posts names its own in `settings.LEDGER_FACTS`; what fits none of them was not posted by this gateway.
    """

    source_type: str
    events: str
    accounts: frozenset[AccountType]


def debit(account: AccountKey, amount: int) -> Line:
    """A debit of `amount` minor units."""
    return Line(account, Direction.DEBIT, amount)


def credit(account: AccountKey, amount: int) -> Line:
    """A credit of `amount` minor units."""
    return Line(account, Direction.CREDIT, amount)


def imbalance(lines: Sequence[Line]) -> dict[str, int]:
    """Debits less credits per currency, only where they differ. Empty means balanced."""
    sums: dict[str, int] = defaultdict(int)
    for line in lines:
        sums[line.account.currency] += line.amount if line.direction is Direction.DEBIT else -line.amount
    return {currency: difference for currency, difference in sums.items() if difference}


def natural(account_type: str, debits_less_credits: int) -> int:
    """The balance with the sign people expect: positive when the account holds what it is there to hold."""
    return debits_less_credits if account_type in DEBIT_NORMAL else -debits_less_credits
