"""Seal what was recorded into the chain, in batches: the chain is never a lock that payments wait for."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from gateway.audit.models import AuditEntry, Seal, Unsealed
from gateway.audit.rules import ENTRY_COLUMNS, HEAD_EVENT, HEAD_PURPOSE, entry_hash, moment, seal_hash, spelled
from gateway.core import crashpoints
from gateway.core.secrets import keyed_digest

logger = logging.getLogger("gateway.audit")

_BATCH = 500
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('audit_seal', 0))"


def seal_batch() -> int:
    """Seal every entry that waits (up to 500 per link); how many were sealed. Any number may run at once: one works.

    Each new head's keyed hash goes to the log after its commit, with its predecessor's: who rewrites the whole chain in
    the database cannot rewrite the log, and a line that a crash swallowed is named by the next one.
    """
    sealed = 0
    while count := _seal_one():
        sealed += count
        if count < _BATCH:
            break
    return sealed


def _seal_one() -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK)
        if cursor.fetchone() != (True,):
            return 0
        waiting = list(
            Unsealed.objects.select_for_update(skip_locked=True)
            .order_by("entry_id")
            .values_list("entry_id", flat=True)[:_BATCH]
        )
        entries = _named(waiting)
        if not entries:
            return 0
        last = Seal.objects.order_by("-number").first()
        number, previous = (last.number + 1, last.hash) if last else (1, "")
        sealed_at = timezone.now()
        link = seal_hash(number=number, previous=previous, sealed_at=moment(sealed_at), entries=entries)
        Seal(number=number, previous=previous, hash=link, entries=entries, sealed_at=sealed_at).save(force_insert=True)
        Unsealed.objects.filter(entry_id__in=[UUID(entry[0]) for entry in entries]).delete()
        transaction.on_commit(partial(_log_head, number, link, previous))
        crashpoints.reach("seal_before_commit")
    crashpoints.reach("seal_after_commit")
    return len(entries)


def _named(waiting: list[UUID]) -> list[list[str]]:
    """`[id, hash]` of each entry that waits. One that is gone stays queued: `audit_verify` reports it as deleted."""
    if not waiting:
        return []
    rows: list[dict[str, Any]] = list(
        AuditEntry.objects.unscoped("the chain spans all merchants")
        .filter(id__in=waiting, id__gte=min(waiting), id__lte=max(waiting))
        .order_by("id")
        .values(*ENTRY_COLUMNS)
    )
    if len(rows) < len(waiting):
        logger.error("audit_entries_missing_before_sealing", extra={"count": len(waiting) - len(rows)})
    return [[str(row["id"]), entry_hash(row)] for row in rows]


def _log_head(number: int, link: str, previous: str) -> None:
    head, before = (spelled(keyed_digest(HEAD_PURPOSE, value)) for value in (link, previous))
    logger.info("%s number=%d head=%s previous=%s", HEAD_EVENT, number, head, before)
