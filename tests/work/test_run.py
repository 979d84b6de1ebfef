"""Claiming, completing, retrying and quarantining a row, by its epoch."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import InterfaceError, connection
from django.utils import timezone
from pytest_django import Settings

from gateway.core import context
from gateway.core.ids import new_id
from gateway.core.tenancy import Tenant
from gateway.work import states
from gateway.work.models import Work
from gateway.work.rules import MAX_STRIKES, PATIENT_ATTEMPTS, Done, Later, Result, Retry
from gateway.work.services import run as run_module
from gateway.work.services.claim import Claim, claim, claim_next
from gateway.work.services.enqueue import enqueue
from gateway.work.services.release import release
from gateway.work.services.run import run
from tests.work import handlers

pytestmark = pytest.mark.django_db

Script = Callable[[Callable[[Claim], Result]], None]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    return lambda function: monkeypatch.setattr(handlers, "script", function)


def given(kind: str, *, request_id: str = "", tenant: Tenant | None = None) -> UUID:
    subject = new_id()
    with context.bound(request_id=request_id):
        enqueue(kind=f"test.{kind}", subject_id=subject, tenant=tenant)
    return subject


def claimed(queue: str = "default") -> Claim:
    taken = claim_next(queue)
    assert taken is not None
    return taken


def expire_lease() -> None:
    Work.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


def make_due() -> None:
    Work.objects.update(run_at=timezone.now() - timedelta(seconds=1))


def test_a_claim_counts_the_attempt_takes_an_epoch_and_leases_the_row() -> None:
    subject = given("note")
    before = timezone.now()
    taken = claimed()
    row = Work.objects.get()
    assert (taken.subject_id, taken.attempts, taken.kind, taken.work_id) == (subject, 1, "test.note", row.id)
    assert (row.state, row.attempts, row.again, row.lease_epoch) == ("running", 1, False, taken.epoch)
    assert before + timedelta(seconds=29) < taken.lease_until < timezone.now() + timedelta(seconds=31)
    assert taken.has_time(25)
    assert not taken.has_time(31)
    assert claim_next("default") is None
    assert claim(row.id) is None


def test_a_queue_gives_only_its_own_rows_the_longest_due_first() -> None:
    given("other_queue")
    first, second = given("note"), given("note")
    Work.objects.filter(subject_id=first).update(run_at=timezone.now() - timedelta(seconds=9))
    assert [claimed().subject_id, claimed().subject_id] == [first, second]
    assert claim_next("default") is None
    assert claimed("payments").kind == "test.other_queue"


def test_a_row_is_not_claimed_before_its_time() -> None:
    enqueue(kind="test.note", subject_id=new_id(), tenant=None, run_at=timezone.now() + timedelta(seconds=30))
    assert claim_next("default") is None
    assert claim(Work.objects.get().id) is None


def test_a_finished_row_is_deleted_and_the_handler_knew_who_and_why() -> None:
    tenant = Tenant(new_id(), livemode=True)
    subject = given("note", request_id="req-7", tenant=tenant)
    assert run(claimed()) == Done()
    assert Work.objects.count() == 0
    [(seen_subject, request_id, seen_context)] = handlers.seen
    assert (seen_subject, request_id) == (subject, "req-7")
    assert seen_context.actor == context.Actor("worker", "test.note")
    assert (seen_context.merchant_id, seen_context.livemode) == (tenant.merchant_id, True)


def test_work_enqueued_while_it_runs_makes_it_run_once_more_at_once(script: Script) -> None:
    subject = given("scripted")

    def enqueue_again(taken: Claim) -> Result:
        if taken.attempts == 1 and not handlers.seen:
            handlers.seen.append((taken.subject_id, "", None))
            enqueue(kind="test.scripted", subject_id=taken.subject_id, tenant=None)
        return Done()

    script(enqueue_again)
    assert run(claimed()) == Done()
    row = Work.objects.get()
    assert (row.subject_id, row.state, row.attempts, row.strikes, row.lease_epoch) == (subject, "waiting", 0, 0, None)
    assert run(claimed()) == Done()
    assert Work.objects.count() == 0


@pytest.mark.parametrize(
    "report", [Retry("no"), Later(timezone.now() + timedelta(days=1)), Retry("unreachable", counts=False)]
)
def test_work_enqueued_while_it_runs_is_due_at_once_whatever_was_reported(script: Script, report: Result) -> None:
    subject = given("scripted")

    def enqueue_and_report(taken: Claim) -> Result:
        enqueue(kind="test.scripted", subject_id=subject, tenant=None)
        return report

    script(enqueue_and_report)
    run(claimed())
    assert claimed().attempts == 1


def test_an_expired_lease_is_claimed_by_another_with_a_new_epoch() -> None:
    given("note")
    first = claimed()
    expire_lease()
    second = claimed()
    assert second.work_id == first.work_id
    assert second.epoch > first.epoch
    assert second.attempts == 2


def test_who_lost_the_lease_rolls_the_effect_back(script: Script) -> None:
    subject = given("scripted")

    def pause_past_the_lease(taken: Claim) -> Result:
        handlers.effect(taken.subject_id)
        expire_lease()
        with connection.cursor() as cursor:  # another worker takes the row over
            cursor.execute("UPDATE work_work SET lease_epoch = nextval('work_epoch')")
        return Done()

    script(pause_past_the_lease)
    assert run(claimed()) == Retry("the lease was lost", counts=False)
    assert handlers.effects(subject) == 0
    assert Work.objects.get().state == states.RUNNING


def test_a_stale_claim_neither_completes_nor_reschedules() -> None:
    given("note")
    stale = claimed()
    expire_lease()
    fresh = claimed()
    assert stale.complete() is False
    assert Work.objects.get().lease_epoch == fresh.epoch
    assert fresh.complete() is True


def test_a_phased_handler_may_complete_in_its_own_transaction_and_again_after_it_is_kept(script: Script) -> None:
    given("scripted")
    taken = claimed()
    enqueue(kind="test.scripted", subject_id=taken.subject_id, tenant=None)
    assert taken.complete() is True
    assert taken.complete() is False
    assert Work.objects.get().state == states.WAITING


def test_an_exception_rolls_back_waits_and_keeps_an_error_without_numbers_or_values() -> None:
    subject = given("note_then_fail")
    before = timezone.now()
    result = run(claimed())
    assert isinstance(result, Retry)
    row = Work.objects.get()
    assert handlers.effects(subject) == 0
    assert (row.state, row.strikes) == (states.WAITING, 1)
    assert row.run_at >= before + timedelta(milliseconds=800)
    assert row.error.startswith("ValueError: after the effect [number] (handlers.py:")
    assert "a@b.c" not in row.error


def test_poison_is_quarantined_with_its_error_its_siblings_go_on_and_a_person_releases_it() -> None:
    poison = given("fail")
    for _ in range(MAX_STRIKES):
        make_due()
        run(claimed())
    row = Work.objects.get()
    assert (row.state, row.strikes, row.lease_epoch) == (states.QUARANTINED, MAX_STRIKES, None)
    assert "RuntimeError: always" in row.error
    make_due()
    sibling = given("note")
    assert claimed().subject_id == sibling

    enqueue(kind="test.fail", subject_id=poison, tenant=None)
    assert Work.objects.get(subject_id=poison).state == states.QUARANTINED
    assert release(row.id) is True
    assert release(row.id) is False
    assert claimed().subject_id == poison


def test_a_row_that_kills_its_workers_is_quarantined_without_a_report() -> None:
    given("note")
    for _ in range(MAX_STRIKES):
        claimed()
        expire_lease()
    assert claim_next("default") is None
    row = Work.objects.get()
    assert (row.state, row.error) == (states.QUARANTINED, "its worker died, or never reported, every time")


def test_an_unreachable_provider_is_never_poison_and_waits_thirty_seconds_at_most() -> None:
    given("unreachable")
    for _ in range(MAX_STRIKES * 3):
        make_due()
        run(claimed())
    row = Work.objects.get()
    assert (row.state, row.strikes, row.error) == (states.WAITING, 0, "provider unreachable")
    assert row.run_at - timezone.now() <= timedelta(seconds=30)


def test_a_schedule_is_not_a_failure_and_starts_the_attempts_anew() -> None:
    given("later")
    run(claimed())
    row = Work.objects.get()
    assert (row.attempts, row.strikes) == (0, 0)
    assert row.run_at > timezone.now() + timedelta(minutes=59)


def failing_with(sqlstate: str) -> Callable[[Claim], Result]:
    def fail(taken: Claim) -> Result:
        with connection.cursor() as cursor:
            cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{sqlstate}'; END $$")
        return Done()

    return fail


@pytest.mark.parametrize("sqlstate", ["40P01", "57014", "25P04"])
def test_a_deadlock_or_a_time_limit_is_the_moments_fault(script: Script, sqlstate: str) -> None:
    given("scripted")
    script(failing_with(sqlstate))
    run(claimed())
    row = Work.objects.get()
    assert (row.state, row.strikes) == (states.WAITING, 0)


def test_a_row_that_always_takes_too_long_waits_longer_and_comes_to_rest_in_quarantine(script: Script) -> None:
    given("scripted")
    script(failing_with("57014"))
    before = timezone.now()
    for _ in range(PATIENT_ATTEMPTS):
        make_due()
        run(claimed())
    row = Work.objects.get()
    assert (row.state, row.strikes) == (states.WAITING, 0)
    assert row.run_at >= before + timedelta(seconds=24)
    for _ in range(MAX_STRIKES):
        make_due()
        run(claimed())
    assert Work.objects.get().state == states.QUARANTINED


def test_a_report_that_cannot_be_made_raises_nothing(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    given("scripted")

    def closed(*_: object) -> bool:
        raise InterfaceError("the connection is closed")

    monkeypatch.setattr(run_module, "_report", closed)
    result = run(claimed())
    assert isinstance(result, Retry) and not result.counts
    assert Work.objects.get().state == states.RUNNING


def test_a_handler_that_answers_nonsense_fails_and_an_unknown_kind_too(settings: Settings) -> None:
    given("nonsense")
    run(claimed())
    assert "answered None" in Work.objects.get().error
    settings.WORK_HANDLERS = {}
    make_due()
    run(claimed())
    assert "UnknownKind" in Work.objects.get().error
