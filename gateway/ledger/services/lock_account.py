"""Lock one account: for the few verbs that depend on a balance."""

from __future__ import annotations

from gateway.ledger.models import Account
from gateway.ledger.rules import AccountKey
from gateway.ledger.services.accounts import accounts_for


def lock_account(key: AccountKey) -> Account:
    """The account's row, made when it is missing, locked until the transaction ends. The last lock of all: nothing
    after it.
    """
    account = accounts_for([key])[key]
    return Account.objects.select_for_update(no_key=True).get(id=account.id)
