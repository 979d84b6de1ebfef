"""What the ledger has of each settlement file."""

from __future__ import annotations

from django.db import connection

from payments.models import ProviderAccount

_SUMS = """
SELECT f.external_id, e.currency,
       coalesce(sum(CASE e.direction WHEN 'debit' THEN e.amount ELSE -e.amount END) FILTER (WHERE a.type = 'cash'), 0),
       coalesce(sum(CASE e.direction WHEN 'debit' THEN e.amount ELSE -e.amount END) FILTER (WHERE a.type = 'provider_fees'), 0)
FROM reconciliation_settlementfile f
JOIN reconciliation_settlementline l ON l.file_id = f.id
JOIN ledger_entry e ON e.transaction_id = l.transaction_id
JOIN ledger_account a ON a.id = e.account_id
WHERE f.provider_account_id = %s
GROUP BY f.external_id, e.currency
"""


def settled_money(account: ProviderAccount) -> dict[str, dict[str, tuple[int, int]]]:
    """File -> currency -> (cash, provider's fees) that its lines have brought, of one provider account."""
    found: dict[str, dict[str, tuple[int, int]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, [account.id])
        for name, currency, paid, fees in cursor.fetchall():
            found.setdefault(name, {})[currency] = (int(paid), int(fees))
    return found
