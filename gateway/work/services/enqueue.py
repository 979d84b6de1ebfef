"""Write down what remains to be done, in the transaction of what it follows from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from gateway.core import context
from gateway.core.ids import new_id
from gateway.core.tenancy import Tenant
from gateway.work.rules import WorkItem, kind_named
from gateway.work.services.ring import ring

# A row that is there already may be running with what it read before our change: `again` makes it run once more.
_UPSERT = """
INSERT INTO work_work (id, kind, subject_id, queue, merchant_id, livemode, request_id,
                       state, run_at, attempts, strikes, again, error)
SELECT n.id, n.kind, n.subject_id, n.queue, n.merchant_id, n.livemode, %s,
       'waiting', coalesce(n.run_at, statement_timestamp()), 0, 0, false, ''
FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::text[], %s::uuid[], %s::boolean[], %s::timestamptz[])
     WITH ORDINALITY AS n (id, kind, subject_id, queue, merchant_id, livemode, run_at, position)
ORDER BY n.position
ON CONFLICT (kind, subject_id) DO UPDATE
SET again = true, run_at = least(work_work.run_at, excluded.run_at), queue = excluded.queue,
    request_id = excluded.request_id
RETURNING id, queue, run_at <= statement_timestamp() AND state = 'waiting'
"""


def enqueue(*, kind: str, subject_id: UUID, tenant: Tenant | None, run_at: datetime | None = None) -> None:
    """Enqueue one piece of work; call it as the last write of the transaction. Rings on commit.

    Work of this kind and subject that exists already is made to run (again), no later than `run_at` (real time).
    """
    enqueue_all([WorkItem(kind, subject_id, tenant, run_at)])


def enqueue_all(items: Iterable[WorkItem]) -> None:
    """Enqueue many, in `(kind, subject_id)` order: two transactions that enqueue the same rows never deadlock."""
    wanted: dict[tuple[str, UUID], WorkItem] = {}
    for item in items:
        known = wanted.setdefault((item.kind, item.subject_id), item)
        if known is not item and known.run_at is not None and (item.run_at is None or item.run_at < known.run_at):
            wanted[item.kind, item.subject_id] = item
    if not wanted:
        return
    ordered = [wanted[key] for key in sorted(wanted, key=lambda key: (key[0], key[1].bytes))]
    columns: list[list[Any]] = [
        [new_id() for _ in ordered],
        [item.kind for item in ordered],
        [item.subject_id for item in ordered],
        [kind_named(item.kind).queue for item in ordered],
        [item.tenant.merchant_id if item.tenant else None for item in ordered],
        [item.tenant.livemode if item.tenant else None for item in ordered],
        [item.run_at for item in ordered],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, [context.current().request_id, *columns])
        due = [(row[0], row[1]) for row in cursor.fetchall() if row[2]]
    if due:
        transaction.on_commit(partial(ring, due), robust=True)
