"""Run the work that is due, in the test's own thread: what a worker does, without one."""

from __future__ import annotations

from datetime import timedelta

import time_machine
from django.db.models.functions import Now
from django.utils import timezone

from gateway.work import states
from gateway.work.models import Work
from gateway.work.rules import Result, queues, timer_kinds
from gateway.work.services.claim import claim_next
from gateway.work.services.run import run


def run_due_work(*, forward: bool = False, limit: int = 1000) -> list[tuple[str, Result]]:
    """Run every due row, and what these enqueue, until nothing is due; (kind, result) of each run in order.

    `forward=True` does not wait for retries and schedules: it makes waiting rows due first (business timers excepted).
    """
    done: list[tuple[str, Result]] = []
    while len(done) < limit:
        if forward:
            Work.objects.filter(state=states.WAITING).exclude(kind__in=timer_kinds()).update(run_at=Now())
        claim = claim_next(queues())
        if claim is None:
            return done
        done.append((claim.kind, run(claim)))
    message = f"work does not end: {done[-5:]}"
    raise AssertionError(message)


def run_timers(*, minutes: int) -> None:
    """Run everything that is due so many minutes from the start of the test."""
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=True):
        due = Work.objects.filter(run_at__lte=timezone.now())
        due.update(run_at=timezone.now() - timedelta(days=1))
        run_due_work()
