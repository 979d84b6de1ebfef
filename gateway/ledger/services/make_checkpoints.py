"""Make checkpoints, only over entries that nobody can add to any more."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from gateway.core.ids import lowest_id_at, new_id
from gateway.ledger.models import Account

MIN_AGE = timedelta(hours=1)
MAX_OPEN = timedelta(minutes=30)

# One statement, so that the previous checkpoint and the entries since are one snapshot.
_MAKE = """
INSERT INTO ledger_checkpoint (id, account_id, through_id, debits_less_credits, created_at)
SELECT %(id)s, %(account)s, %(through)s,
       coalesce(max(previous.debits_less_credits), 0)
       + sum(CASE entry.direction WHEN 'debit' THEN entry.amount ELSE -entry.amount END),
       %(now)s
FROM ledger_entry entry
LEFT JOIN LATERAL (
    SELECT through_id, debits_less_credits FROM ledger_checkpoint
    WHERE account_id = %(account)s ORDER BY through_id DESC LIMIT 1
) previous ON true
WHERE entry.account_id = %(account)s AND entry.id < %(through)s
  AND entry.id >= coalesce(previous.through_id, '00000000-0000-0000-0000-000000000000'::uuid)
HAVING count(*) > 0
ON CONFLICT DO NOTHING
"""


def make_checkpoints(*, now: datetime | None = None) -> int:
    """One checkpoint per account that has newer settled entries; how many were made.

    An entry's id is made before its commit, so a checkpoint covers only ids over an hour old, and none is made while a
    transaction older than 30 minutes is open: it might still commit older ids. Transactions are bounded to 5 minutes.
    """
    moment = now or timezone.now()
    through = lowest_id_at(moment - MIN_AGE)
    made = 0
    with connection.cursor() as cursor:
        if _has_old_transaction():
            return 0
        for account_id in Account.objects.order_by("id").values_list("id", flat=True).iterator(chunk_size=500):
            cursor.execute(_MAKE, {"id": new_id(), "account": account_id, "through": through, "now": moment})
            made += cursor.rowcount
    return made


def _has_old_transaction() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            # The start of another role's transaction is hidden from us: if it has written anything, it counts as old.
            "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND (xact_start < clock_timestamp() - make_interval(secs => %(limit)s)"
            " OR (xact_start IS NULL AND backend_xid IS NOT NULL)))"
            " OR EXISTS (SELECT 1 FROM pg_prepared_xacts WHERE database = current_database()"
            " AND prepared < clock_timestamp() - make_interval(secs => %(limit)s))",
            {"limit": MAX_OPEN.total_seconds()},
        )
        return bool(cursor.fetchone()[0])
