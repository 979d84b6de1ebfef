"""Claims and enqueues that race: threads with real commits."""

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from uuid import UUID

import pytest
from django.db import OperationalError, connection, transaction

from gateway.core.ids import new_id
from gateway.work.models import Work
from gateway.work.rules import Done, Result, WorkItem
from gateway.work.services.claim import Claim, claim_next
from gateway.work.services.enqueue import enqueue, enqueue_all
from gateway.work.services.run import run
from tests.work import handlers

pytestmark = pytest.mark.usefixtures("committed_db")

T = TypeVar("T")


def at_once(count: int, call: Callable[[int], T]) -> list[T]:
    """What `call(number)` returns in this many threads that start together."""
    barrier = threading.Barrier(count)

    def wait_and_call(number: int) -> T:
        try:
            barrier.wait(20)
            return call(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(wait_and_call, range(count)))


def claim_all(_: int) -> list[Claim]:
    taken = []
    while (claim := claim_next("default")) is not None:
        taken.append(claim)
    return taken


def test_claims_at_once_never_share_a_row_nor_an_epoch() -> None:
    enqueue_all([WorkItem("test.note", new_id(), None) for _ in range(120)])
    claims = [claim for mine in at_once(8, claim_all) for claim in mine]
    assert len({claim.work_id for claim in claims}) == len(claims) == 120
    assert len({claim.epoch for claim in claims}) == 120


def test_one_row_is_claimed_by_exactly_one_of_many() -> None:
    enqueue(kind="test.note", subject_id=new_id(), tenant=None)
    assert [bool(claim) for claim in at_once(8, lambda _: claim_next("default"))].count(True) == 1


def test_enqueuing_the_same_rows_at_once_in_any_order_never_deadlocks_and_makes_one_row_each() -> None:
    subjects = [new_id() for _ in range(40)]

    def enqueue_mixed(number: int) -> None:
        for turn in range(5):
            order = subjects if (number + turn) % 2 else subjects[::-1]
            with transaction.atomic():
                enqueue_all(WorkItem("test.note", subject, None) for subject in order)

    at_once(6, enqueue_mixed)
    assert Work.objects.count() == 40


def test_no_wake_up_is_lost_between_enqueuing_and_completing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every change that is committed before its enqueue is seen by a run that starts after it."""
    subject = new_id()
    changes, finished = 200, threading.Event()
    counter = threading.Lock()
    state = {"written": 0, "read": 0}

    def read_state(claim: Claim) -> Result:
        with counter:
            state["read"] = state["written"]
        return Done()

    monkeypatch.setattr(handlers, "script", read_state)

    def work(number: int) -> None:
        if number == 0:
            for _ in range(changes):
                with transaction.atomic():
                    with counter:
                        state["written"] += 1
                    enqueue(kind="test.scripted", subject_id=subject, tenant=None)
            finished.set()
            return
        while not (finished.is_set() and not Work.objects.exists()):
            claim = claim_next("default")
            if claim is not None:
                run(claim)

    at_once(4, work)
    assert state["read"] == state["written"] == changes


def test_a_run_that_enqueues_the_others_subject_does_not_stop_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows that enqueue each other at once may deadlock in the database: both end all the same."""
    first, second = sorted((new_id(), new_id()))
    left = {first: 15, second: 15}
    guard = threading.Lock()

    def ping(claim: Claim) -> Result:
        other = second if claim.subject_id == first else first
        with guard:
            left[claim.subject_id] -= 1
            again = left[claim.subject_id] > 0
        if again:
            enqueue(kind="test.scripted", subject_id=other, tenant=None)
        return Done()

    monkeypatch.setattr(handlers, "script", ping)
    enqueue_all([WorkItem("test.scripted", first, None), WorkItem("test.scripted", second, None)])

    def work(_: int) -> None:
        while not all_ended(left) and Work.objects.exists():
            with contextlib.suppress(OperationalError):  # the deadlock's victim may be this update
                Work.objects.filter(state="waiting").update(run_at="2020-01-01T00:00:00Z")
            claim = claim_next("default")
            if claim is not None:
                run(claim)

    at_once(2, work)
    assert not Work.objects.filter(strikes__gt=1).exists()


def all_ended(left: dict[UUID, int]) -> bool:
    return all(count <= 0 for count in left.values())
