"""Enqueuing loses no wake-up, keeps an order, rings after the commit and never fails for the broker."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from gateway.core import context, metrics
from gateway.core.ids import new_id
from gateway.core.tenancy import Tenant
from gateway.work.models import Work
from gateway.work.rules import UnknownKind, WorkItem
from gateway.work.services import ring as ring_module
from gateway.work.services.cancel import cancel
from gateway.work.services.claim import claim_next
from gateway.work.services.enqueue import enqueue, enqueue_all
from gateway.work.services.forget import forget

pytestmark = pytest.mark.django_db

rang: list[tuple[str, str]] = []


def doorbell(work_id: str, queue: str) -> None:
    rang.append((work_id, queue))


def broken_doorbell(work_id: str, queue: str) -> None:
    rang.append((work_id, queue))
    raise ConnectionRefusedError


@pytest.fixture(autouse=True)
def fresh_bell(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    rang.clear()
    settings.WORK_DOORBELL = f"{__name__}.doorbell"
    monkeypatch.setattr(ring_module, "_silent_until", 0.0)


def test_a_row_carries_its_kind_subject_queue_tenant_and_request() -> None:
    tenant, subject = Tenant(new_id(), livemode=False), new_id()
    with context.bound(request_id="req-1"):
        enqueue(kind="test.other_queue", subject_id=subject, tenant=tenant)
    row = Work.objects.get()
    assert (row.kind, row.subject_id, row.queue, row.merchant_id, row.livemode, row.request_id) == (
        "test.other_queue", subject, "payments", tenant.merchant_id, False, "req-1",
    )  # fmt: skip
    assert (row.state, row.attempts, row.strikes, row.again, row.lease_until) == ("waiting", 0, 0, False, None)


def test_enqueuing_what_is_there_sets_again_and_takes_the_earlier_moment() -> None:
    subject, late = new_id(), timezone.now() + timedelta(hours=2)
    enqueue(kind="test.note", subject_id=subject, tenant=None, run_at=late)
    enqueue(kind="test.note", subject_id=subject, tenant=None, run_at=late + timedelta(hours=1))
    assert Work.objects.get().run_at == late
    enqueue(kind="test.note", subject_id=subject, tenant=None, run_at=late - timedelta(hours=1))
    row = Work.objects.get()
    assert (row.run_at, row.again) == (late - timedelta(hours=1), True)


def test_many_are_written_in_kind_and_subject_order_and_duplicates_become_one() -> None:
    subjects = [UUID(int=number) for number in (3, 1, 2)]
    items = [WorkItem(kind, subject, None) for kind in ("test.retry", "test.note") for subject in subjects]
    enqueue_all([*items, *items])
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind, subject_id FROM work_work ORDER BY ctid")
        written = cursor.fetchall()
    assert written == sorted(written, key=lambda row: (row[0], row[1].int))
    assert len(written) == 6


def test_the_earliest_of_two_wishes_in_one_call_counts() -> None:
    subject, late = new_id(), timezone.now() + timedelta(hours=1)
    enqueue_all([WorkItem("test.note", subject, None, late), WorkItem("test.note", subject, None)])
    assert Work.objects.get().run_at <= timezone.now()


def test_it_rings_after_the_commit_and_only_for_what_is_due(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        enqueue(kind="test.note", subject_id=new_id(), tenant=None, run_at=timezone.now() + timedelta(minutes=1))
        enqueue(kind="test.other_queue", subject_id=(subject := new_id()), tenant=None)
        assert rang == []
    assert rang == [(str(Work.objects.get(subject_id=subject).id), "payments")]


def test_a_dead_broker_fails_nothing_is_counted_and_is_not_asked_twice_at_once(
    settings: Settings, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    settings.WORK_DOORBELL = f"{__name__}.broken_doorbell"
    before = metrics.WORK_DOORBELL_FAILURES._value.get()
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        enqueue_all([WorkItem("test.note", new_id(), None) for _ in range(3)])
    assert metrics.WORK_DOORBELL_FAILURES._value.get() == before + 3
    assert len(rang) == 1
    assert Work.objects.count() == 3


def test_an_unknown_kind_is_refused_before_anything_is_written() -> None:
    with pytest.raises(UnknownKind):
        enqueue_all([WorkItem("test.note", new_id(), None), WorkItem("test.unheard_of", new_id(), None)])
    assert Work.objects.count() == 0


def test_what_is_cancelled_is_not_run() -> None:
    subject = new_id()
    enqueue(kind="test.note", subject_id=subject, tenant=None)
    cancel(kind="test.note", subject_id=subject)
    assert claim_next("default") is None


def test_what_is_forgotten_goes_but_for_a_run_under_way_which_runs_once_more() -> None:
    running, waiting, later, quarantined, other = (new_id() for _ in range(5))
    enqueue(kind="test.note", subject_id=running, tenant=None)
    claim = claim_next("default")
    assert claim is not None
    enqueue_all([WorkItem("test.note", subject, None) for subject in (waiting, quarantined, other)])
    enqueue(kind="test.note", subject_id=later, tenant=None, run_at=timezone.now() + timedelta(hours=2))
    enqueue(kind="test.other_queue", subject_id=waiting, tenant=None)
    Work.objects.filter(subject_id=quarantined).update(state="quarantined")

    forget(kind="test.note", subject_ids=[running, waiting, later, quarantined])

    assert {(row.kind, row.subject_id, row.state, row.again) for row in Work.objects.all()} == {
        ("test.note", running, "running", True),
        ("test.note", other, "waiting", False),
        ("test.other_queue", waiting, "waiting", False),
    }
    assert claim.complete()
    assert Work.objects.get(subject_id=running).state == "waiting"
