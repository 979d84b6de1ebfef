"""Run a claimed row: call its handler, then complete, reschedule or quarantine the row, by its epoch."""

from __future__ import annotations

import logging
import random
import re
import time
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import Error, connection, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from gateway.core import clock, context, crashpoints, metrics
from gateway.core.database_errors import is_passing, is_timeout
from gateway.work.rules import (
    MAX_STRIKES,
    PATIENT_ATTEMPTS,
    Done,
    Kind,
    Later,
    Result,
    Retry,
    kind_named,
    wait_before_retry,
)
from gateway.work.services.claim import Claim

logger = logging.getLogger("gateway.work")

Handler = Callable[[Claim], Result]

# With `again` set meanwhile, whatever was reported, the row is due at once and starts from zero.
_RESCHEDULE = """
UPDATE work_work SET state = 'waiting', lease_until = NULL, lease_epoch = NULL,
    run_at = CASE WHEN again THEN statement_timestamp() ELSE %(run_at)s END,
    attempts = CASE WHEN again THEN 0 ELSE coalesce(%(attempts)s::integer, attempts) END,
    strikes = CASE WHEN again THEN 0 WHEN %(counts)s THEN strikes ELSE greatest(strikes - 1, 0) END,
    error = %(error)s
WHERE id = %(id)s AND lease_epoch = %(epoch)s
"""
_QUARANTINE = """
UPDATE work_work SET state = 'quarantined', lease_until = NULL, lease_epoch = NULL, error = %s
WHERE id = %s AND lease_epoch = %s
"""
_LONG_NUMBER = re.compile(r"\d[\d -]{10,}\d")  # could be a card's


class LeaseLost(Exception):
    """The row belongs to another claim now: the transaction of the effect must not commit."""


class BadResult(TypeError):
    """A handler answered something that is neither Done, Retry nor Later."""


def run(claim: Claim) -> Result:
    """Carry the claim out and report. Never raises for what the handler does; returns what was reported."""
    crashpoints.reach("after_claim")
    started = time.monotonic()
    tenant = claim.tenant
    merchant_id, livemode = (tenant.merchant_id, tenant.livemode) if tenant else (None, None)
    outcome = "failed"
    with context.bound(
        request_id=claim.request_id or str(claim.work_id),
        actor=context.Actor("worker", claim.kind),
        merchant_id=merchant_id,
        livemode=livemode,
    ):
        try:
            kind = kind_named(claim.kind)
            with clock.of_merchant(merchant_id, livemode):
                result = _transactional(kind, claim) if kind.transactional else _phased(kind, claim)
            outcome = type(result).__name__.lower()
        except LeaseLost:
            outcome = "lost"
            metrics.WORK_LEASES_LOST.labels(kind=claim.kind).inc()
            logger.warning("work_lease_lost", extra={"kind": claim.kind, "work_id": str(claim.work_id)})
            result = Retry("the lease was lost", counts=False)
        except Exception as error:
            result, outcome = _failed(claim, error)
    metrics.WORK_DONE.labels(kind=claim.kind, result=outcome).inc()
    metrics.WORK_SECONDS.labels(kind=claim.kind).observe(time.monotonic() - started)
    return result


def _transactional(kind: Kind, claim: Claim) -> Result:
    """One transaction holds the effect and the row's end: either both happened, or neither."""
    handler: Handler = import_string(kind.handler)
    with transaction.atomic(durable=True):
        result = _checked(claim, handler(claim))
        if not _report(claim, result):
            raise LeaseLost
        crashpoints.reach("before_effect_commit")
    crashpoints.reach("after_effect_commit")
    return result


def _phased(kind: Kind, claim: Claim) -> Result:
    """The handler owns its transactions. It may have completed the row itself; completing twice changes nothing."""
    handler: Handler = import_string(kind.handler)
    result = _checked(claim, handler(claim))
    crashpoints.reach("before_report")
    if not _report(claim, result) and not isinstance(result, Done):
        raise LeaseLost
    crashpoints.reach("after_report")
    return result


def _checked(claim: Claim, result: Any) -> Result:
    if not isinstance(result, Done | Retry | Later):
        message = f"{claim.kind} answered {result!r}"
        raise BadResult(message)
    return result


def _report(claim: Claim, result: Result) -> bool:
    match result:
        case Done():
            return claim.complete()
        case Retry():
            wait = wait_before_retry(result, attempts=claim.attempts, spread=random.random())  # noqa: S311
            if result.counts and claim.strikes >= MAX_STRIKES:
                return _quarantine(claim, result.reason)
            return _reschedule(claim, timezone.now() + wait, counts=result.counts, error=result.reason)
        case Later():
            attempts = 1 if result.retrying else 0
            return _reschedule(claim, result.at, counts=False, attempts=attempts, error=result.reason)


def _failed(claim: Claim, error: Exception) -> tuple[Result, str]:
    """An unexpected exception: a strike, unless the database's moment was to blame.

    A row that runs into a limit of time after many attempts is to blame itself: with strikes it comes to rest.
    """
    timed_out = is_timeout(error)
    passing = is_passing(error) and not (timed_out and claim.attempts > PATIENT_ATTEMPTS)
    description = _describe(error)
    logger.log(
        logging.WARNING if passing else logging.ERROR,
        "work_failed",
        extra={"kind": claim.kind, "work_id": str(claim.work_id), "attempts": claim.attempts},
        exc_info=error,
    )
    # What took too long is asked for less and less often; for anything else of the moment a second is enough.
    result = Retry(description, after=timedelta(seconds=1) if passing and not timed_out else None, counts=not passing)
    outcome = "quarantined" if not passing and claim.strikes >= MAX_STRIKES else "failed"
    try:
        with transaction.atomic(durable=True):
            _report(claim, result)
    except Error:
        # Nothing could be reported: the lease runs out, and the claim counts as one without report.
        logger.exception("work_report_failed", extra={"kind": claim.kind, "work_id": str(claim.work_id)})
    return result, outcome


def _reschedule(claim: Claim, run_at: datetime, *, counts: bool, attempts: int | None = None, error: str) -> bool:
    parameters: dict[str, Any] = {
        "id": claim.work_id, "epoch": claim.epoch, "run_at": run_at, "counts": counts, "attempts": attempts,
        "error": error[:2000],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_RESCHEDULE, parameters)
        return bool(cursor.rowcount)


def _quarantine(claim: Claim, reason: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_QUARANTINE, [reason[:2000], claim.work_id, claim.epoch])
        if not cursor.rowcount:
            return False
    metrics.WORK_QUARANTINED.labels(kind=claim.kind).inc()
    logger.error("work_quarantined", extra={"kind": claim.kind, "work_id": str(claim.work_id), "reason": "failed"})
    return True


def _describe(error: Exception) -> str:
    """What and where; of the message the first line only: databases put the row's values into the second."""
    message = _LONG_NUMBER.sub("[number]", (str(error).splitlines() or [""])[0][:300])
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    places = " < ".join(
        f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in reversed(frames)
    )
    return f"{type(error).__name__}: {message} ({places})"
