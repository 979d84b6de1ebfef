"""Find or make accounts, without a race and without a lock."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from gateway.ledger.models import Account
from gateway.ledger.rules import AccountKey
from gateway.ledger.selectors.accounts import accounts_with


def accounts_for(keys: Iterable[AccountKey]) -> dict[AccountKey, Account]:
    """The account of each key; those that do not exist yet are made. Two callers at once get the same row."""
    wanted = set(keys)
    found = accounts_with(wanted)
    absent = wanted - found.keys()
    if absent:
        # Opening is rare (once per merchant and currency). Two transactions that open accounts in several postings could wait
        # for each other's rows in the unique index, in opposite orders; so the openers, and only they, stand in line.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('ledger.accounts', 0))")
        rows = [
            Account(
                merchant_id=key.merchant_id,
                provider_account_id=key.provider_account_id,
                type=key.type,
                currency=key.currency,
                livemode=key.livemode,
            )
            for key in sorted(absent, key=repr)
        ]
        Account.objects.bulk_create(rows, ignore_conflicts=True)
        found |= accounts_with(absent)
    return found
