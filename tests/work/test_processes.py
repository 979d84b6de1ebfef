"""Real worker processes: killed without warning, without a broker, with a broker that forgets everything."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from pytest_django import Settings

from gateway.core.ids import new_id
from gateway.work.models import Work, WorkerHeartbeat
from gateway.work.rules import WorkItem
from gateway.work.selectors import workers_alive
from gateway.work.services.enqueue import enqueue_all
from tests.support.database import TestDatabase
from tests.support.system import forget_messages
from tests.support.work import run_due_work

NO_BROKER = "redis://127.0.0.1:1/0"


class Workers:
    """Worker processes over one database; `stop` ends those that are left."""

    def __init__(self, database: TestDatabase, folder: Path) -> None:
        self.database, self.folder = database, folder
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, *, broker: bool = True, crash_point: str = "", **extra: str) -> subprocess.Popen[bytes]:
        environment = {
            **self.database.environment(),
            "DJANGO_SETTINGS_MODULE": "tests.work.worker_settings",
            "BROKER_KEY_PREFIX": f"{self.database.name}-",
            "ALLOW_CRASH_POINTS": "on",
            "CRASH_POINT": crash_point,
            **extra,
        }
        if not broker:
            environment["BROKER_URL"] = NO_BROKER
        options = ["--pool=threads", "--concurrency=4", "-Q", "payments,refunds,webhooks,default", "--loglevel=WARNING"]
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        with (self.folder / "worker.log").open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "config.celery", "worker", *options, *quiet],
                cwd=settings.BASE_DIR, env=environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.running.append(worker)
        return worker

    def log(self) -> str:
        return (self.folder / "worker.log").read_text(errors="replace")[-3000:]

    def stop(self) -> None:
        for worker in self.running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file system's side of `phased`, here and in the worker processes."""
    monkeypatch.setenv("WORK_JOURNAL", str(tmp_path / "journal"))
    return tmp_path / "journal"


@pytest.fixture
def workers(committed_db: TestDatabase, tmp_path: Path, journal: Path) -> Iterator[Workers]:
    processes = Workers(committed_db, tmp_path)
    yield processes
    processes.stop()


def until(seen: Callable[[], bool], workers: Workers, *, timeout_s: float = 180) -> None:
    deadline = time.monotonic() + timeout_s
    while not seen():
        assert time.monotonic() < deadline, workers.log()
        time.sleep(0.05)


def given(kind: str, count: int) -> list[UUID]:
    subjects = [new_id() for _ in range(count)]
    enqueue_all([WorkItem(f"test.{kind}", subject, None) for subject in subjects])
    return subjects


def effects(subjects: list[UUID]) -> dict[str, int]:
    rows = ContentType.objects.filter(app_label="test_work").values_list("model", flat=True)
    found = dict.fromkeys(map(str, subjects), 0)
    for row in rows:
        found[row] += 1
    return found


def nothing_left() -> bool:
    return not Work.objects.exists()


def test_a_worker_without_any_broker_does_everything_says_that_it_lives_and_signs_off(workers: Workers) -> None:
    subjects = given("slow", 20)
    worker = workers.start(broker=False)
    until(nothing_left, workers)
    assert set(effects(subjects).values()) == {1}
    until(lambda: workers_alive() == 1, workers)
    assert WorkerHeartbeat.objects.get().queues == ["default", "payments", "refunds", "webhooks"]
    worker.send_signal(signal.SIGTERM)
    until(lambda: workers_alive() == 0, workers)


@pytest.mark.skipif(not settings.CELERY_BROKER_URL.startswith("redis"), reason="needs the embedded Valkey")
def test_the_doorbell_alone_wakes_a_worker(workers: Workers, settings: Settings) -> None:
    settings.WORK_DOORBELL = "config.celery.ring"
    workers.start(WORK_POLL_THREADS="0", BROKER_KEY_PREFIX=os.environ["BROKER_KEY_PREFIX"])
    until(lambda: workers_alive() == 1, workers)
    first = given("slow", 1)
    until(nothing_left, workers)
    subjects = given("slow", 10)
    until(nothing_left, workers)
    assert set(effects(first + subjects).values()) == {1}


def test_a_broker_that_forgets_every_message_loses_no_work(workers: Workers, settings: Settings) -> None:
    subjects = given("slow", 60)
    workers.start()
    until(lambda: Work.objects.count() < 60, workers)
    forget_messages(workers.database, prefix=f"{workers.database.name}-")
    until(nothing_left, workers)
    assert set(effects(subjects).values()) == {1}


def test_a_worker_killed_without_warning_in_the_middle_loses_nothing(workers: Workers, journal: Path) -> None:
    subjects = given("phased", 40)
    victim = workers.start(broker=False)
    until(lambda: Work.objects.count() < 40, workers)
    os.killpg(victim.pid, signal.SIGKILL)
    workers.start(broker=False)
    until(nothing_left, workers)
    assert set(effects(subjects).values()) == {1}
    assert len(list(journal.iterdir())) == 40


@pytest.mark.parametrize("point", ["before_claim_commit", "after_claim", "before_send", "before_settle"])
def test_a_worker_that_dies_at_a_named_point_is_taken_over_when_its_lease_ends(
    workers: Workers, journal: Path, point: str
) -> None:
    [subject] = given("phased", 1)
    victim = workers.start(broker=False, crash_point=point)
    assert victim.wait(180) == -signal.SIGKILL, workers.log()
    assert Work.objects.get().strikes == (0 if point == "before_claim_commit" else 1)
    assert (journal / str(subject)).exists() is (point == "before_settle")
    assert effects([subject]) == {str(subject): 0}
    until(lambda: bool(run_due_work()), workers)
    assert effects([subject]) == {str(subject): 1}


@pytest.mark.parametrize(("point", "remains"), [("before_effect_commit", 1), ("after_effect_commit", 0)])
def test_a_transactional_effect_and_its_row_end_together_or_not_at_all(
    workers: Workers, point: str, remains: int
) -> None:
    given("note", 1)
    victim = workers.start(broker=False, crash_point=point)
    assert victim.wait(180) == -signal.SIGKILL, workers.log()
    assert Work.objects.count() == remains
