"""The whole gateway as processes of its own: web, workers and beat over one committed database, beside a real bank.

For claims about processes: what happens when one of them is killed, or when the broker forgets everything.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import redis as redis_client

from embedded.processes import die_with_parent
from tests.support.bank import BankAccount
from tests.support.database import TestDatabase
from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 180
QUEUES = "payments,refunds,webhooks,default"
HIGH_LIMIT = "1000000"


def wait_until(seen: Callable[[], bool], *, timeout_s: float, what: str) -> None:
    """Poll until `seen`; fail with `what` when the time is over."""
    deadline = time.monotonic() + timeout_s
    while not seen():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s} s: {what}")
        time.sleep(0.05)


def forget_messages(database: TestDatabase, *, prefix: str) -> None:
    """What a broker without persistence does when it restarts, to those alone who use this prefix: others share it."""
    if not database.broker_url.startswith("redis"):
        return
    path = database.broker_url.removeprefix("redis+socket://").split("?")[0]
    with redis_client.Redis(unix_socket_path=path, db=0) as broker:
        if keys := list(broker.scan_iter(match=f"{prefix}*", count=1000)):
            broker.delete(*keys)


@dataclass
class System:
    """Processes by name. `environment` is what each of them gets; `log` collects what they print."""

    database: TestDatabase
    bank: BankAccount
    log_folder: Path
    extra: dict[str, str] = field(default_factory=dict)
    port: int = 0
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.port = self.port or free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **self.database.environment(),
            "PUBLIC_URL": self.base_url,
            "BANK_URL": self.bank.base_url,
            "BANK_PUBLIC_URL": self.bank.base_url,
            "RATE_LIMIT_IP": HIGH_LIMIT,
            "RATE_LIMIT_KEY": HIGH_LIMIT,
            "WEB_THREADS": "8",
            "ALLOW_CRASH_POINTS": "on",
            **self.extra,
        }
        self.environment["BROKER_KEY_PREFIX"] = f"{self.database.name}-"

    def start_web(self) -> None:
        """gunicorn with threads, as in production."""
        gunicorn = ["gunicorn", "config.wsgi:application", "--bind", f"127.0.0.1:{self.port}", "--no-control-socket"]
        logs = ["--logger-class", "gateway.observability.logs.GunicornLogger"]
        self._start("web", [*gunicorn, "--worker-class", "gthread", "--workers", "2", "--threads", "8", *logs])
        wait_until(self._web_answers, timeout_s=START_TIMEOUT_S, what=f"web answers: {self.log('web')[-2000:]}")

    def start_worker(self, name: str = "worker", *, crash_point: str = "", ready: str = " ready.") -> None:
        """A Celery worker; `crash_point` is where it kills itself, `ready` what it prints once it works."""
        environment = {"CRASH_POINT": crash_point} if crash_point else {}
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO"]
        pool = ["--pool", "threads", "--concurrency", "8"]
        self._start(
            name, ["celery", "-A", "config.celery", "worker", "-n", name, *pool, "-Q", QUEUES, *quiet], environment
        )
        if not crash_point:  # one that shall die may find its work, and its end, before it says that it is ready
            wait_until(lambda: ready in self.log(name), timeout_s=START_TIMEOUT_S, what=f"{name}: {self.log(name)}")

    def start_beat(self) -> None:
        """The clock that sweeps and seals."""
        self._start("beat", ["celery", "-A", "config.celery", "beat", "--pidfile=", "--loglevel", "WARNING"])

    def start(self) -> None:
        """Web, one worker and beat."""
        self.start_web()
        self.start_worker()
        self.start_beat()

    def kill(self, name: str) -> None:
        """kill -9: no clean-up of any kind."""
        process = self._running.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def wait_dead(self, name: str, *, timeout_s: float = 180) -> None:
        """Until the process has died by itself (at its crash point)."""
        process = self._running[name]
        wait_until(
            lambda: process.poll() is not None, timeout_s=timeout_s, what=f"{name} dies: {self.log(name)[-2000:]}"
        )
        assert process.returncode == -signal.SIGKILL, self.log(name)[-2000:]
        del self._running[name]

    def flush_broker(self) -> None:
        """Forget every message of this system."""
        forget_messages(self.database, prefix=self.environment["BROKER_KEY_PREFIX"])

    def log(self, name: str) -> str:
        """What this process has printed."""
        path = self.log_folder / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def manage(self, *arguments: str, timeout_s: float = 120, statuses: tuple[int, ...] = (0,)) -> str:
        """A management command on this system; its standard output. Fails with what it printed, at any other status."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=timeout_s, check=False
        )
        assert done.returncode in statuses, f"{arguments}: {done.stdout[-3000:]} {done.stderr[-3000:]}"
        return done.stdout

    def stop(self) -> None:
        """End every process."""
        for name in list(self._running):
            self.kill(name)

    def _start(self, name: str, command: list[str], environment: dict[str, str] | None = None) -> None:
        with (self.log_folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT,
                env={**self.environment, **(environment or {})},
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )

    def _web_answers(self) -> bool:
        assert self._running["web"].poll() is None, self.log("web")[-2000:]
        with contextlib.suppress(OSError), urllib.request.urlopen(self.base_url + "/health/live", timeout=2) as answer:
            return bool(answer.status == 200)
        return False


@contextlib.contextmanager
def running_system(database: TestDatabase, bank: BankAccount, log_folder: Path, **extra: str) -> Iterator[System]:
    """A system for the length of the block; nothing is started yet."""
    system = System(database, bank, log_folder, extra)
    try:
        yield system
    finally:
        system.stop()
