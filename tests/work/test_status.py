"""What the queues say about themselves: status, quiet, timers, the sweep, periodic jobs."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from gateway.core.ids import new_id
from gateway.core.tenancy import Tenant
from gateway.work import states
from gateway.work.models import PeriodicRun, Work, WorkerHeartbeat
from gateway.work.rules import Later
from gateway.work.selectors import is_quiet, queue_status, workers_alive
from gateway.work.services import ring as ring_module
from gateway.work.services.claim import claim_next
from gateway.work.services.enqueue import enqueue
from gateway.work.services.heartbeat import heartbeat, sign_off
from gateway.work.services.pull_forward import pull_forward
from gateway.work.services.run import run
from gateway.work.services.run_periodic import run_overdue, run_periodic
from gateway.work.services.sweep import sweep
from tests.support.work import run_due_work

pytestmark = pytest.mark.django_db

calls: list[str] = []


def job() -> None:
    calls.append("job")


def broken_job() -> None:
    calls.append("broken")
    raise RuntimeError


def doorbell(work_id: str, queue: str) -> None:
    calls.append(work_id)


@pytest.fixture(autouse=True)
def no_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    calls.clear()
    monkeypatch.setattr(ring_module, "_silent_until", 0.0)


def test_the_status_counts_each_queue_for_one_merchant_or_for_all() -> None:
    mine, theirs = Tenant(new_id(), livemode=False), Tenant(new_id(), livemode=False)
    for tenant in (mine, theirs):
        enqueue(kind="test.note", subject_id=new_id(), tenant=tenant)
        enqueue(kind="test.other_queue", subject_id=new_id(), tenant=tenant)
    Work.objects.filter(merchant_id=theirs.merchant_id, queue="payments").update(state=states.QUARANTINED)
    Work.objects.filter(merchant_id=mine.merchant_id, queue="payments").update(
        run_at=timezone.now() + timedelta(minutes=5), attempts=2
    )
    Work.objects.filter(merchant_id=mine.merchant_id, queue="default").update(
        run_at=timezone.now() - timedelta(seconds=40)
    )
    heartbeat(name="w1", queues=["default", "payments"])
    heartbeat(name="w2", queues=["payments"])
    default, payments = queue_status(mine)
    assert default == {
        "queue": "default", "due": 1, "running": 0, "retrying": 0, "quarantined": 0,
        "oldest_age_s": default["oldest_age_s"], "workers_alive": 1,
    }  # fmt: skip
    assert 40 <= default["oldest_age_s"] < 100
    assert (payments["due"], payments["retrying"], payments["quarantined"], payments["workers_alive"]) == (0, 1, 0, 2)
    assert [row["due"] for row in queue_status(None)] == [2, 0]
    assert queue_status(None)[1]["quarantined"] == 1


def test_a_worker_is_alive_until_it_signs_off_or_falls_silent() -> None:
    heartbeat(name="w1", queues=["default"])
    heartbeat(name="w2", queues=["default"])
    heartbeat(name="w2", queues=["default"])
    assert workers_alive() == 2
    sign_off("w1")
    WorkerHeartbeat.objects.filter(name="w2").update(beat_at=timezone.now() - timedelta(seconds=20))
    assert workers_alive() == 0


def test_quiet_means_nothing_due_leased_or_waiting_except_timers_before_their_date() -> None:
    assert is_quiet()
    enqueue(kind="test.timer", subject_id=new_id(), tenant=None, run_at=timezone.now() + timedelta(hours=1))
    assert is_quiet()
    Work.objects.update(run_at=timezone.now())
    assert not is_quiet()
    run_due_work()
    assert is_quiet()
    enqueue(kind="test.retry", subject_id=new_id(), tenant=None)
    assert not is_quiet()
    run_due_work()
    assert not is_quiet()
    Work.objects.filter(kind="test.retry").update(state=states.QUARANTINED)
    assert is_quiet()


def test_moving_a_clock_pulls_that_merchants_timers_and_only_those_forward() -> None:
    mine, theirs = Tenant(new_id(), livemode=False), Tenant(new_id(), livemode=False)
    at = timezone.now() + timedelta(hours=1)
    for tenant in (mine, theirs):
        enqueue(kind="test.timer", subject_id=new_id(), tenant=tenant, run_at=at)
        enqueue(kind="test.note", subject_id=new_id(), tenant=tenant, run_at=at)
    assert pull_forward(mine) == 1
    taken = claim_next("default")
    assert taken is not None
    assert (taken.kind, taken.tenant) == ("test.timer", mine)
    assert claim_next("default") is None


def test_a_timer_that_runs_while_the_clock_moves_looks_at_the_date_again() -> None:
    tenant = Tenant(new_id(), livemode=False)
    enqueue(kind="test.timer", subject_id=new_id(), tenant=tenant)
    running = claim_next("default")
    assert running is not None
    assert pull_forward(tenant) == 1
    assert isinstance(run(running), Later)
    again = claim_next("default")
    assert again is not None and again.work_id == running.work_id


def test_the_sweep_rings_for_what_is_due_and_for_expired_leases(settings: Settings) -> None:
    settings.WORK_DOORBELL = f"{__name__}.doorbell"
    for _ in range(2):
        enqueue(kind="test.note", subject_id=new_id(), tenant=None, run_at=timezone.now() - timedelta(seconds=5))
    enqueue(kind="test.note", subject_id=new_id(), tenant=None, run_at=timezone.now() + timedelta(seconds=60))
    taken = claim_next("default")
    assert taken is not None
    assert sweep() == 1
    Work.objects.filter(id=taken.work_id).update(lease_until=timezone.now() - timedelta(seconds=1))
    calls.clear()
    assert sweep() == 2
    assert calls[0] == str(taken.work_id)


def test_a_periodic_job_runs_once_per_interval_however_many_beats_ring(settings: Settings) -> None:
    settings.PERIODIC = {"job": {"handler": f"{__name__}.job", "every_s": 60}}
    assert [run_periodic("job"), run_periodic("job")] == [True, False]
    assert calls == ["job"]


def test_a_daily_job_runs_at_its_hour_however_late_it_ran_the_day_before(settings: Settings) -> None:
    settings.PERIODIC = {"job": {"handler": f"{__name__}.job", "every_s": 86_400, "at": "03:00"}}
    assert [run_periodic("job"), run_periodic("job")] == [True, False]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE work_periodic SET started_at = started_at - interval '10 hours'")
    assert run_overdue() == []
    assert run_periodic("job")


def test_workers_run_what_no_beat_rang_for_and_one_broken_job_stops_no_other(settings: Settings) -> None:
    settings.PERIODIC = {
        "broken": {"handler": f"{__name__}.broken_job", "every_s": 60},
        "job": {"handler": f"{__name__}.job", "every_s": 60},
    }
    assert run_overdue() == ["job"]
    assert calls == ["broken", "job"]
    assert run_overdue() == []


def test_a_daily_job_that_failed_is_tried_again_after_a_minute_and_not_before(settings: Settings) -> None:
    settings.PERIODIC = {"broken": {"handler": f"{__name__}.broken_job", "every_s": 86_400}}
    run_overdue()
    run_overdue()
    assert calls == ["broken"]
    PeriodicRun.objects.update(started_at=F("started_at") - timedelta(seconds=61))
    run_overdue()
    assert calls == ["broken", "broken"]
