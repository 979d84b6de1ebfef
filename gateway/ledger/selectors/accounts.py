"""Read accounts by their keys."""

from __future__ import annotations

from collections.abc import Set

from django.db.models import Q

from gateway.ledger.models import Account
from gateway.ledger.rules import AccountKey


def key_of(account: Account) -> AccountKey:
    """The key of a row."""
    return AccountKey(
        type=account.type,
        currency=account.currency,
        livemode=account.livemode,
        merchant_id=account.merchant_id,
        provider_account_id=account.provider_account_id,
    )


def accounts_with(keys: Set[AccountKey]) -> dict[AccountKey, Account]:
    """Those of the accounts that exist, by key, in one query."""
    condition = Q()
    for key in keys:
        condition |= Q(
            type=key.type, currency=key.currency, livemode=key.livemode,
            merchant_id=key.merchant_id, provider_account_id=key.provider_account_id,
        )  # fmt: skip
    return {key_of(account): account for account in Account.objects.filter(condition)} if keys else {}
