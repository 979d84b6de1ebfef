"""The ledger's side of a settlement line. Amounts are the provider's: what leaves the merchant is negative.

>>> from collections import namedtuple
>>> Owner = namedtuple("Owner", "currency livemode merchant_id provider_account_id")
>>> owner = Owner("EUR", False, None, None)
>>> [f"{line.direction} {line.account.type} {line.amount}" for line in settled_lines(owner, gross=10_000, fee=120)]
['debit cash 9880', 'debit provider_fees 120', 'credit provider_clearing 10000']
>>> [f"{line.direction} {line.account.type} {line.amount}" for line in settled_lines(owner, gross=-1_250, fee=0)]
['credit cash 1250', 'debit provider_clearing 1250']
>>> [f"{line.direction} {line.account.type} {line.amount}" for line in suspended_lines(owner, -100)]
['credit provider_clearing 100', 'debit suspense 100']
"""

from __future__ import annotations

from uuid import NAMESPACE_URL, UUID, uuid5

from gateway.ledger.rules import AccountKey, Line, PostedFact, credit, debit
from gateway.ledger.states import AccountType as Account
from payments.rules.ledger_accounts import MoneyOwner, cash, provider_clearing, provider_fees, suspense

# Sources of the ledger. A movement is settled once, whichever file says it; what differs has the line as its source.
SETTLEMENT, DIFFERENCE = "settlement", "settlement_difference"
FACTS = (
    PostedFact(
        SETTLEMENT,
        "settled|settled_again",
        frozenset({Account.CASH, Account.PROVIDER_FEES, Account.PROVIDER_CLEARING}),
    ),
    PostedFact(
        DIFFERENCE,
        "settlement_amount_differs|settlement_duplicate_line",
        frozenset({Account.PROVIDER_CLEARING, Account.SUSPENSE}),
    ),
)


def movement_source(provider_account_id: UUID, movement_type: str, provider_object: str) -> UUID:
    """The one source of a movement's settlement, for ever."""
    return uuid5(NAMESPACE_URL, f"{provider_account_id}/{movement_type}/{provider_object}")


def settled_lines(owner: MoneyOwner, *, gross: int, fee: int) -> tuple[Line, ...]:
    """*Provider settles*: cash and the provider's fee against what it owed us; the reverse for what it took back."""
    sides = ((cash(owner), gross - fee), (provider_fees(owner), fee), (provider_clearing(owner), -gross))
    return tuple(_side(account, amount) for account, amount in sides if amount)


def suspended_lines(owner: MoneyOwner, difference: int) -> tuple[Line, Line]:
    """What was settled beyond our books stands in suspense, so that clearing holds what is really still owed."""
    return _side(provider_clearing(owner), difference), _side(suspense(owner), -difference)


def _side(account: AccountKey, debits_less_credits: int) -> Line:
    return debit(account, debits_less_credits) if debits_less_credits > 0 else credit(account, -debits_less_credits)
