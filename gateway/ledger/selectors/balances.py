"""Balances: the last checkpoint plus the entries that it does not cover."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import connection

from gateway.core.tenancy import Tenant
from gateway.ledger.models import Account
from gateway.ledger.rules import AccountKey, natural
from gateway.ledger.selectors.accounts import accounts_with

# One lateral look-up per account: its newest checkpoint, then only the entries after it.
_SUMS = """
SELECT account.id,
       coalesce(checkpoint.debits_less_credits, 0) + coalesce((
           SELECT sum(CASE entry.direction WHEN 'debit' THEN entry.amount ELSE -entry.amount END)
           FROM ledger_entry entry
           WHERE entry.account_id = account.id
             AND entry.id >= coalesce(checkpoint.through_id, '00000000-0000-0000-0000-000000000000'::uuid)
       ), 0)
FROM unnest(%s::uuid[]) AS account (id)
LEFT JOIN LATERAL (
    SELECT through_id, debits_less_credits FROM ledger_checkpoint
    WHERE account_id = account.id ORDER BY through_id DESC LIMIT 1
) checkpoint ON true
"""


def balance(key: AccountKey) -> int:
    """The balance in minor units with the account's natural sign; 0 for an account that nothing was posted to."""
    account = accounts_with({key}).get(key)
    return 0 if account is None else natural(account.type, debits_less_credits([account.id])[account.id])


def merchant_balances(tenant: Tenant) -> dict[str, dict[str, int]]:
    """Currency -> account type -> balance (natural sign), of this merchant's own accounts in this mode."""
    accounts = list(Account.objects.filter(merchant_id=tenant.merchant_id, livemode=tenant.livemode))
    sums = debits_less_credits([account.id for account in accounts])
    table: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for account in accounts:
        table[account.currency][account.type] += natural(account.type, sums[account.id])
    return {currency: dict(row) for currency, row in sorted(table.items())}


def trial_balance() -> list[dict[str, Any]]:
    """Debits and credits over all entries, per currency and mode, from the entries alone. Equal, or the books are broken."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT entry.currency, posted.livemode,"
            " coalesce(sum(entry.amount) FILTER (WHERE entry.direction = 'debit'), 0),"
            " coalesce(sum(entry.amount) FILTER (WHERE entry.direction = 'credit'), 0)"
            " FROM ledger_entry entry LEFT JOIN ledger_transaction posted ON posted.id = entry.transaction_id"
            " GROUP BY 1, 2 ORDER BY 1, 2"
        )
        return [
            {"currency": currency, "livemode": livemode, "debits": int(debits), "credits": int(credits_)}
            for currency, livemode, debits, credits_ in cursor.fetchall()
        ]


def debits_less_credits(account_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Debits less credits of each account, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, [list(account_ids)])
        return {row[0]: int(row[1]) for row in cursor.fetchall()}
