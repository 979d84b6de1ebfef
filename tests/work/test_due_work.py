"""What the tests themselves run work with."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from gateway.core.ids import new_id
from gateway.work.models import Work
from gateway.work.rules import Done, Result, Retry
from gateway.work.services.claim import Claim
from gateway.work.services.enqueue import enqueue
from tests.support.work import run_due_work
from tests.work import handlers

pytestmark = pytest.mark.django_db


def test_a_retry_waits_for_the_next_call_however_long_the_others_take(monkeypatch: pytest.MonkeyPatch) -> None:
    hasty, slow = new_id(), new_id()
    wait = timedelta(seconds=0.5)

    def handler(claim: Claim) -> Result:
        if claim.subject_id == hasty and claim.attempts == 1:
            return Retry("not yet", after=wait)
        if claim.subject_id == slow:
            time.sleep(wait.total_seconds() * 2)
        return Done()

    monkeypatch.setattr(handlers, "script", handler)
    for subject in (hasty, slow):
        enqueue(kind="test.scripted", subject_id=subject, tenant=None)

    assert run_due_work() == [("test.scripted", Retry("not yet", after=wait)), ("test.scripted", Done())]
    assert Work.objects.get(subject_id=hasty).run_at <= timezone.now()
    assert run_due_work() == [("test.scripted", Done())]


def test_a_row_that_rests_is_run_when_another_enqueues_it(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = new_id(), new_id()

    def handler(claim: Claim) -> Result:
        if claim.subject_id == first and claim.attempts == 1:
            return Retry("not yet", after=timedelta(minutes=1))
        if claim.subject_id == second:
            enqueue(kind="test.scripted", subject_id=first, tenant=None)
        return Done()

    monkeypatch.setattr(handlers, "script", handler)
    for subject in (first, second):
        enqueue(kind="test.scripted", subject_id=subject, tenant=None)

    assert [type(result) for _, result in run_due_work()] == [Retry, Done, Done]
    assert not Work.objects.exists()
