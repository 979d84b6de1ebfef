"""Run the work that is due, in the test's own thread: what a worker does, without one."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import time_machine
from django.db.models import F
from django.db.models.functions import Least, Now
from django.utils import timezone

from gateway.work import states
from gateway.work.models import Work
from gateway.work.rules import Result, queues, timer_kinds
from gateway.work.services.claim import claim_next
from gateway.work.services.run import run

REST = timedelta(hours=1)


def run_due_work(*, forward: bool = False, limit: int = 1000) -> list[tuple[str, Result]]:
    """Run every due row, and what these enqueue, until nothing is due; (kind, result) of each run in order.

    A row that asked to be run later is not run again, however slow the machine is; whoever enqueues it makes it due all
    the same. `forward=True` does not wait for retries and schedules: it makes waiting rows due first (business timers
    excepted).
    """
    done: list[tuple[str, Result]] = []
    resting: dict[UUID, datetime] = {}
    while len(done) < limit:
        if forward:
            Work.objects.filter(state=states.WAITING).exclude(kind__in=timer_kinds()).update(run_at=Now())
        claim = claim_next(queues())
        if claim is None:
            _wake(resting)
            return done
        done.append((claim.kind, run(claim)))
        if not forward:
            resting |= _rest(claim.work_id)
    message = f"work does not end: {done[-5:]}"
    raise AssertionError(message)


def run_timers(*, minutes: int) -> None:
    """Run everything that is due so many minutes from the start of the test."""
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=True):
        due = Work.objects.filter(run_at__lte=timezone.now())
        due.update(run_at=timezone.now() - timedelta(days=1))
        run_due_work()


def _rest(work_id: UUID) -> dict[UUID, datetime]:
    """Put the row off if it waits for a later moment; which moment that was."""
    row = Work.objects.filter(id=work_id, state=states.WAITING, run_at__gt=Now())
    moment = row.values_list("run_at", flat=True).first()
    if moment is None or not row.update(run_at=F("run_at") + REST):
        return {}
    return {work_id: moment}


def _wake(resting: dict[UUID, datetime]) -> None:
    """Give back the moments; who was enqueued for an earlier one meanwhile keeps that, as it would have."""
    for work_id, moment in resting.items():
        Work.objects.filter(id=work_id, state=states.WAITING).update(run_at=Least("run_at", moment))
