"""Handlers that the tests of durable work enqueue for."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from gateway.core import context, crashpoints
from gateway.work.rules import Done, Later, Result, Retry
from gateway.work.services.claim import Claim

seen: list[tuple[UUID, str, Any]] = []
script: Callable[[Claim], Result] = lambda claim: Done()  # noqa: E731
lock = threading.Lock()


def effect(subject_id: UUID) -> None:
    """An effect in the database that a test can count."""
    ContentType.objects.create(app_label="test_work", model=str(subject_id))


def effects(subject_id: UUID) -> int:
    return ContentType.objects.filter(app_label="test_work", model=str(subject_id)).count()


def note(claim: Claim) -> Result:
    with lock:
        seen.append((claim.subject_id, context.current().request_id, context.current()))
    return Done()


def note_then_fail(claim: Claim) -> Result:
    effect(claim.subject_id)
    message = "after the effect 4242424242424242\nDETAIL: Key (email)=(a@b.c)"
    raise ValueError(message)


def fail(claim: Claim) -> Result:
    message = "always"
    raise RuntimeError(message)


def retry(claim: Claim) -> Result:
    return Retry("not yet", after=timedelta(seconds=60))


def unreachable(claim: Claim) -> Result:
    return Retry("provider unreachable", counts=False)


def later(claim: Claim) -> Result:
    return Later(timezone.now() + timedelta(hours=1), "scheduled")


timer = later


def scripted(claim: Claim) -> Result:
    return script(claim)


def slow(claim: Claim) -> Result:
    time.sleep(0.05)
    effect(claim.subject_id)
    return Done()


def phased(claim: Claim) -> Result:
    """Three phases against a file that plays the provider: an append is the provider's commit, keyed by our id."""
    crashpoints.reach("before_send")
    journal = Path(os.environ["WORK_JOURNAL"], str(claim.subject_id))
    journal.parent.mkdir(parents=True, exist_ok=True)
    journal.touch()
    crashpoints.reach("before_settle")
    ContentType.objects.get_or_create(app_label="test_work", model=str(claim.subject_id))
    return Done()


def killer(claim: Claim) -> Result:
    """Dies without a report (the runner never sees an end)."""
    raise SystemExit


def nonsense(claim: Claim) -> Any:
    return None
