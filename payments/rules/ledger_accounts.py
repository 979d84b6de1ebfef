"""Which ledger accounts a payment's money moves between. Refunds and disputes use the same keys."""

from __future__ import annotations

from typing import Protocol
from uuid import NAMESPACE_URL, UUID, uuid5

from gateway.ledger.rules import AccountKey
from gateway.ledger.states import AccountType


class MoneyOwner(Protocol):
    """What an account key is made of; a payment has it all."""

    @property
    def currency(self) -> str: ...

    @property
    def livemode(self) -> bool: ...

    @property
    def merchant_id(self) -> UUID: ...

    @property
    def provider_account_id(self) -> UUID | None: ...


def provider_object_source(provider_account_id: UUID | None, provider_object: str) -> UUID:
    """The ledger source of money that has no operation or refund of ours: the provider's object, as an id."""
    return uuid5(NAMESPACE_URL, f"{provider_account_id}/{provider_object}")


def authorizations_receivable(owner: MoneyOwner) -> AccountKey:
    """Memo: what issuers have promised this merchant."""
    return _of_provider(AccountType.AUTHORIZATIONS_RECEIVABLE, owner)


def authorizations_payable(owner: MoneyOwner) -> AccountKey:
    """Memo: the other side of that promise."""
    return _of_provider(AccountType.AUTHORIZATIONS_PAYABLE, owner)


def provider_clearing(owner: MoneyOwner) -> AccountKey:
    """What the provider owes us for what it captured, less what it sent back."""
    return _of_provider(AccountType.PROVIDER_CLEARING, owner)


def suspense(owner: MoneyOwner) -> AccountKey:
    """Money that the provider moved beyond our books, until a person decides."""
    return _of_provider(AccountType.SUSPENSE, owner)


def merchant_pending(owner: MoneyOwner) -> AccountKey:
    """The merchant's money that is not released yet."""
    return _of_merchant(AccountType.MERCHANT_PENDING, owner)


def merchant_available(owner: MoneyOwner) -> AccountKey:
    """The merchant's money that may be paid out."""
    return _of_merchant(AccountType.MERCHANT_AVAILABLE, owner)


def merchant_receivable(owner: MoneyOwner) -> AccountKey:
    """What the merchant owes us."""
    return _of_merchant(AccountType.MERCHANT_RECEIVABLE, owner)


def refunds_in_transit(owner: MoneyOwner) -> AccountKey:
    """Refunds that were taken from the merchant and have not reached the customer."""
    return _of_merchant(AccountType.REFUNDS_IN_TRANSIT, owner)


def cash(owner: MoneyOwner) -> AccountKey:
    """What the provider has paid out to our bank account."""
    return _of_provider(AccountType.CASH, owner)


def provider_fees(owner: MoneyOwner) -> AccountKey:
    """What the provider kept for its service."""
    return _of_provider(AccountType.PROVIDER_FEES, owner)


def write_offs(owner: MoneyOwner) -> AccountKey:
    """What we lost, less what we gained, when people resolved differences."""
    return AccountKey(AccountType.WRITE_OFFS, owner.currency, owner.livemode)


def gateway_fees(owner: MoneyOwner) -> AccountKey:
    """What we earned."""
    return AccountKey(AccountType.GATEWAY_FEES, owner.currency, owner.livemode)


def _of_provider(account_type: AccountType, owner: MoneyOwner) -> AccountKey:
    return AccountKey(account_type, owner.currency, owner.livemode, owner.merchant_id, owner.provider_account_id)


def _of_merchant(account_type: AccountType, owner: MoneyOwner) -> AccountKey:
    return AccountKey(account_type, owner.currency, owner.livemode, owner.merchant_id)
