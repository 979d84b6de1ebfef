"""Take a due row for a while: claim, and later complete or reschedule it, by its epoch."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from gateway.core import crashpoints, metrics
from gateway.core.tenancy import Tenant
from gateway.work.rules import DEFAULT_LEASE_S, MAX_STRIKES, UnknownKind, kind_named
from gateway.work.services.ring import ring

logger = logging.getLogger("gateway.work")

_COLUMNS = "id, kind, subject_id, merchant_id, livemode, request_id, state, strikes, queue"
_DUE_BY_ID = f"""
SELECT {_COLUMNS} FROM work_work WHERE id = %s
AND (state = 'waiting' AND run_at <= statement_timestamp() OR state = 'running' AND lease_until < statement_timestamp())
FOR UPDATE SKIP LOCKED
"""  # noqa: S608  (constants only)
# Two queries, so that each reads one partial index; expired leases first: somebody has waited for them already.
_NEXT_EXPIRED = f"""
SELECT {_COLUMNS} FROM work_work
WHERE state = 'running' AND lease_until < statement_timestamp() AND queue = ANY(%s)
ORDER BY lease_until LIMIT 1 FOR UPDATE SKIP LOCKED
"""  # noqa: S608
_NEXT_WAITING = f"""
SELECT {_COLUMNS} FROM work_work
WHERE state = 'waiting' AND run_at <= statement_timestamp() AND queue = ANY(%s)
ORDER BY run_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""  # noqa: S608
# An equality, so that the index on (queue, run_at) gives the order too: another queue's backlog is not read.
_NEXT_WAITING_OF_ONE = _NEXT_WAITING.replace("queue = ANY(%s)", "queue = %s")
_TAKE = """
UPDATE work_work SET state = 'running', again = false, attempts = attempts + 1, strikes = strikes + 1,
    lease_epoch = nextval('work_epoch'), lease_until = statement_timestamp() + make_interval(secs => %s)
WHERE id = %s RETURNING attempts, strikes, lease_epoch, lease_until
"""
_QUARANTINE = """
UPDATE work_work SET state = 'quarantined', lease_until = NULL, lease_epoch = NULL, error = %s WHERE id = %s
"""
_DELETE_MINE = "DELETE FROM work_work WHERE id = %s AND lease_epoch = %s AND NOT again"
_RUN_AGAIN = """
UPDATE work_work SET state = 'waiting', run_at = statement_timestamp(), attempts = 0, strikes = 0,
    lease_until = NULL, lease_epoch = NULL, error = ''
WHERE id = %s AND lease_epoch = %s AND again RETURNING queue
"""


@dataclass(slots=True)
class Claim:
    """A row of work in our hands until `lease_until`. `epoch` is ours alone: no other claim ever has the same."""

    work_id: UUID
    kind: str
    subject_id: UUID
    tenant: Tenant | None
    attempts: int
    epoch: int
    lease_until: datetime
    strikes: int = 1
    request_id: str = ""
    _monotonic_end: float = field(default=float("inf"), repr=False)

    def has_time(self, seconds: float) -> bool:
        """Whether the lease lasts that much longer. Ask before every outbound request, with the request's timeout."""
        return time.monotonic() + seconds < self._monotonic_end

    def complete(self) -> bool:
        """Delete the row, or make it due at once when it was enqueued again. False: the lease was lost, it is not ours.

        Call it last in the transaction of the effect. Money facts of a provider are settled whatever it answers.
        """
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_DELETE_MINE, [self.work_id, self.epoch])
            if cursor.rowcount:
                return True
            cursor.execute(_RUN_AGAIN, [self.work_id, self.epoch])
            row = cursor.fetchone()
        if row is not None:
            transaction.on_commit(lambda: _ring_one(self.work_id, row[0]), robust=True)
        return row is not None


def claim(work_id: UUID) -> Claim | None:
    """Claim this row if it is due and nobody holds it."""
    return _claim(_DUE_BY_ID, [work_id])


def claim_next(queue: str | Sequence[str]) -> Claim | None:
    """Claim the row of this queue (or of these) that has waited longest; None when nothing is due."""
    queues = [queue] if isinstance(queue, str) else list(queue)
    if (expired := _claim(_NEXT_EXPIRED, [queues])) is not None:
        return expired
    if len(queues) == 1:
        return _claim(_NEXT_WAITING_OF_ONE, queues)
    return _claim(_NEXT_WAITING, [queues])


def _claim(select: str, parameters: list[Any]) -> Claim | None:
    """Take one row, passing over (and quarantining) those that have killed their worker too often."""
    while True:
        asked_at = time.monotonic()
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute(select, parameters)
            found = cursor.fetchone()
            if found is None:
                return None
            work_id, kind, subject_id, merchant_id, livemode, request_id, state, strikes, _queue = found
            if state == "running" and strikes >= MAX_STRIKES:
                cursor.execute(_QUARANTINE, ["its worker died, or never reported, every time", work_id])
                taken = None
            else:
                lease_s = _lease_s(kind)
                cursor.execute(_TAKE, [lease_s, work_id])
                taken = cursor.fetchone()
                crashpoints.reach("before_claim_commit")
        if taken is None:
            metrics.WORK_QUARANTINED.labels(kind=kind).inc()
            logger.error("work_quarantined", extra={"kind": kind, "work_id": str(work_id), "reason": "no report"})
            continue
        attempts, strikes, epoch, lease_until = taken
        return Claim(
            work_id=work_id,
            kind=kind,
            subject_id=subject_id,
            tenant=Tenant(merchant_id, livemode) if merchant_id is not None else None,
            attempts=attempts,
            epoch=epoch,
            lease_until=lease_until,
            strikes=strikes,
            request_id=request_id,
            _monotonic_end=asked_at + lease_s,
        )


def _lease_s(kind: str) -> float:
    try:
        return kind_named(kind).lease_s
    except UnknownKind:
        return DEFAULT_LEASE_S


def _ring_one(work_id: UUID, queue: str) -> None:
    ring([(work_id, queue)])
