"""The whole gateway as processes: several web servers and workers, beat and the bank, on a data folder of their own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from bench.faults.points import Deck, Role
from bench.faults.receivers import Receiver
from bench.faults.servers import Broker, make_broker
from bench.faults.unresolved import UnresolvedWatch
from embedded import postgres, services
from embedded.environment import Ports, process_environment
from embedded.layout import Layout, ensure_secrets
from embedded.processes import die_with_parent

ROOT = Path(__file__).resolve().parents[2]
QUEUES = "payments,refunds,webhooks,default"
WEBS, WORKERS = ("web1", "web2"), ("worker1", "worker2", "worker3")
# These reach PostgreSQL through the proxy that cuts at COMMIT.
BEHIND_PROXY = frozenset({"web1", "worker1"})
TIME_SCALE = 300
_START_S = 300
_DEATHS_A_ROUND = 3
_HIGH_LIMIT = "100000000"
_LIMITS = (
    "RATE_LIMIT_IP",
    "RATE_LIMIT_KEY",
    "RATE_LIMIT_CHECKOUT_SUBMIT",
    "RATE_LIMIT_CHECKOUT_DECLINES_IP",
    "RATE_LIMIT_CHECKOUT_DECLINES_CARD",
    "RATE_LIMIT_CHECKOUT_CARDS_IP",
)


class SystemBroken(RuntimeError):
    """The suite cannot go on: something that is not under test did not start or answer."""


@dataclass
class Process:
    """One process of the system: what it runs, and whether it should be up."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    role: Role | None = None
    running: subprocess.Popen[bytes] | None = None
    deaths: int = 0
    paused: bool = False
    log_read: int = 0


class System:
    """Start everything with `boot()`, end it with `close()`. Start processes from the main thread only: they are asked to
    end with the thread that started them."""

    def __init__(self, deck: Deck, *, real_redis: bool, say: Callable[[str], None]) -> None:
        self.deck, self.say = deck, say
        self.folder = Path(tempfile.mkdtemp(prefix="gwfaults-"))
        self.layout = Layout.of(self.folder)
        self.layout.create()
        self.broker: Broker | None = make_broker(self.layout, real_redis=real_redis)
        self.steady, self.moody = Receiver(), Receiver()
        self.ports = Ports.free()
        self.second_port = _free_port()
        self.base_urls = [f"http://127.0.0.1:{port}" for port in (self.ports.web, self.second_port)]
        self.bank_url = self.ports.url("bank")
        self.environment: dict[str, str] = {}
        self.processes: dict[str, Process] = {}
        self.armed = False
        self.deaths: list[str] = []
        self.exits: list[str] = []
        self.unresolved = UnresolvedWatch()
        self.errands = ThreadPoolExecutor(1)

    def boot(self) -> None:
        """Servers, migrations, processes; returns when requests are answered."""
        servers = services.ensure(self.folder)
        if self.broker is not None:
            self.broker.start()
        secrets = ensure_secrets(self.layout)
        self.environment = process_environment(self.layout, servers, self.ports, isolated=True) | {
            "ALLOW_CRASH_POINTS": "on",
            "CRASH_POINT": "",
            "WEBHOOK_TIME_SCALE": str(TIME_SCALE),
            "WORK_POLL_THREADS": "2",
            "DATABASE_POOL_MAX": "12",
            **dict.fromkeys(_LIMITS, _HIGH_LIMIT),
            "DEV_WEBHOOK_ALLOW": f"{self.steady.address},{self.moody.address}",
            "BANK_HOLD_SECONDS": "4",
            "BANK_LATE_SECONDS": "2",
            **({"BROKER_URL": self.broker.url} if self.broker else {}),
        }
        self._migrate()
        proxy = self._start_proxy()
        password = quote(secrets["database_app_password"])
        through = f"postgres://{postgres.APP}:{password}@127.0.0.1:{proxy}/gateway"
        for name in WEBS:
            port = self.ports.web if name == "web1" else self.second_port
            self._add(name, "web", self._gunicorn(port), through)
        for name in WORKERS:
            self._add(name, "worker", self._celery("worker", name), through)
        beat = [sys.executable, "-m", "celery", "-A", "config.celery", "beat", "--pidfile=", "--loglevel", "WARNING"]
        self.processes["beat"] = Process("beat", beat)
        bank = [sys.executable, "-m", "gunicorn", "--config", "python:bank.gunicorn_conf"]
        self.processes["bank"] = Process("bank", bank)
        for name in self.processes.keys() - {"proxy"}:
            self.start(name)
        self.wait_answers([*self.base_urls, self.bank_url])

    def start(self, name: str) -> None:
        """Start one process."""
        process = self.processes[name]
        process.paused = False
        file = {"CRASH_POINT": f"@{self._crash_file(name)}"} if process.role else {}
        process.running = self._spawn(name, process.command, process.environment | file)

    def arm(self) -> None:
        """Deal a crash point to every web server and worker; who dies is dealt another, until `disarm`."""
        self.armed = True
        for process in self.processes.values():
            process.deaths = 0
            self._deal(process)

    def disarm(self) -> None:
        """From now on nobody dies at a crash point."""
        self.armed = False
        for name in self.processes:
            self._crash_file(name).unlink(missing_ok=True)

    def kill(self, name: str) -> None:
        """kill -9 of the process and its children: no clean-up of any kind."""
        process = self.processes[name]
        if process.running is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.running.pid, signal.SIGKILL)
            process.running.wait()
            process.running = None

    def pause(self, name: str) -> None:
        """SIGSTOP: it holds what it holds, and does nothing."""
        process = self.processes[name]
        if process.running is not None and process.running.poll() is None:
            os.killpg(process.running.pid, signal.SIGSTOP)
            process.paused = True

    def resume(self, name: str) -> None:
        """SIGCONT: it goes on as if nothing had happened."""
        process = self.processes[name]
        if process.paused and process.running is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.running.pid, signal.SIGCONT)
            if name == "bank":
                self.unresolved.bank_is_back()
        process.paused = False

    def revive(self) -> None:
        """Count who died at a crash point, and start again whatever is down."""
        for name, process in self.processes.items():
            if name == "proxy":
                continue
            found = self.deck.count(self._new_output(process))
            self.deaths += [f"{name} at {point}" for point in found]
            if found:
                process.deaths += len(found)
                self._deal(process)
            # gunicorn starts a new child for one that died.
            if process.running is None or process.running.poll() is not None:
                if process.running is not None and process.running.returncode != -signal.SIGKILL:
                    self.exits.append(f"{name} ended by itself with {process.running.returncode}")
                self.kill(name)  # what a dead master left behind holds its port
                self.start(name)

    def cut_commits(self, moment: str, count: int) -> None:
        """Let the proxy cut the next commits of whoever is behind it."""
        self._order(f"{moment} {count}\n")

    def cut_connections(self) -> None:
        """Let the proxy cut every connection now."""
        self._order("reset\n")

    def commits_cut(self) -> int:
        """How many commits the proxy has cut so far."""
        return sum(line.startswith("cut ") for line in self.log("proxy").splitlines())

    def log(self, name: str) -> str:
        """What this process has printed."""
        path = self.layout.logs / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def manage(self, *words: str, timeout_s: float, while_waiting: Callable[[], None] | None = None) -> tuple[int, str]:
        """A management command: its exit status and standard output. `while_waiting` is called several times a second."""
        with tempfile.TemporaryFile() as output, (self.layout.logs / "manage.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "manage.py", *words], cwd=ROOT, env=self.environment,
                stdin=subprocess.DEVNULL, stdout=output, stderr=log, preexec_fn=die_with_parent,
            )  # fmt: skip
            deadline = time.monotonic() + timeout_s
            while process.poll() is None:
                if time.monotonic() > deadline:
                    process.kill()
                if while_waiting is not None:
                    while_waiting()
                time.sleep(0.1)
            output.seek(0)
            return process.returncode, output.read().decode(errors="replace")

    def wait_answers(self, urls: list[str]) -> None:
        """Until each of these sites answers."""
        deadline = time.monotonic() + _START_S
        for url in urls:
            path = "/health" if url == self.bank_url else "/health/live"
            while not _answers(url + path):
                if time.monotonic() > deadline:
                    raise SystemBroken(f"{url} does not answer; see {self.layout.logs}")
                time.sleep(0.1)

    def seed_merchants(self, count: int, *, with_endpoints: bool = True) -> list[dict[str, Any]]:
        """Merchants with an account at the bank, keys, and two webhook endpoints each (or none)."""
        receivers = (self.steady, self.moody) if with_endpoints else ()
        kind = "merchant" if with_endpoints else "silent"
        wanted = [
            {
                "account": self._bank_account(f"{kind.title()} {number}"),
                "slug": f"{kind}-{number}",
                "endpoints": [receiver.url(f"{kind}-{number}") for receiver in receivers],
            }
            for number in range(count)
        ]
        done = subprocess.run(
            [sys.executable, "-m", "bench.faults.merchants"], cwd=ROOT, env=self.environment,
            input=json.dumps(wanted), capture_output=True, text=True, timeout=_START_S, check=False,
        )  # fmt: skip
        if done.returncode:
            raise SystemBroken(f"the merchants could not be made: {done.stderr[-2000:]}")
        merchants: list[dict[str, Any]] = json.loads(done.stdout.strip().splitlines()[-1])
        for merchant in merchants:
            for receiver, secret in zip(receivers, merchant["webhook_secrets"], strict=True):
                receiver.secrets[merchant["slug"]] = secret
        return merchants

    def bank(self, method: str, path: str, api_key: str, body: object = None) -> Any:
        """One request to the bank; its parsed answer."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.bank_url + path, data=data, headers=headers, method=method)
        with _opener().open(request, timeout=60) as answer:
            return json.loads(answer.read() or b"{}")

    def close(self, *, keep: bool) -> None:
        """End every process and server; `keep` leaves the folder with its logs."""
        self.errands.shutdown(wait=False, cancel_futures=True)
        for name in list(self.processes):
            self.resume(name)
            self.kill(name)
        if self.broker is not None:
            self.broker.stop()
        services.stop(self.folder)
        for receiver in (self.steady, self.moody):
            receiver.close()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _deal(self, process: Process) -> None:
        """Past some deaths a process is left alone for the rest of the round: others want to be served too."""
        if process.role is None or not self.armed or process.deaths >= _DEATHS_A_ROUND:
            return
        file = self._crash_file(process.name)
        partial = file.with_suffix(".partial")
        partial.write_text(self.deck.deal(process.role))
        partial.replace(file)

    def _crash_file(self, name: str) -> Path:
        return self.folder / f"crash.{name}"

    def _migrate(self) -> None:
        for command in (["manage.py"], ["-m", "bank.manage"]):
            with (self.layout.logs / "migrate.log").open("ab") as log:
                words = [sys.executable, *command, "migrate", "--no-input", "--verbosity", "0"]
                done = subprocess.run(
                    words, cwd=ROOT, env=self.environment, stdout=log, stderr=log, timeout=600, check=False
                )
            if done.returncode:
                raise SystemBroken(f"migrate failed: {self.log('migrate')[-2000:]}")

    def _start_proxy(self) -> int:
        target = str(self.layout.sockets / ".s.PGSQL.5432")
        process = Process("proxy", [sys.executable, "-m", "bench.faults.proxy", "--target", target])
        process.running = self._spawn("proxy", process.command, {}, stdin=subprocess.PIPE)
        self.processes["proxy"] = process
        deadline = time.monotonic() + _START_S
        while not self.log("proxy").startswith("listening "):
            if time.monotonic() > deadline or process.running.poll() is not None:
                raise SystemBroken(f"the proxy did not start: {self.log('proxy')}")
            time.sleep(0.05)
        return int(self.log("proxy").split()[1])

    def _order(self, line: str) -> None:
        running = self.processes["proxy"].running
        assert running is not None
        pipe: IO[bytes] | None = running.stdin
        assert pipe is not None
        pipe.write(line.encode())
        pipe.flush()

    def _add(self, name: str, role: Role, command: list[str], proxy_url: str) -> None:
        environment = {"DATABASE_URL": proxy_url} if name in BEHIND_PROXY else {}
        self.processes[name] = Process(name, command, environment, role)

    def _gunicorn(self, port: int) -> list[str]:
        words = [sys.executable, "-m", "gunicorn", "config.wsgi:application", "--bind", f"127.0.0.1:{port}"]
        words += ["--worker-class", "gthread", "--workers", "1", "--threads", self.environment["WEB_THREADS"]]
        words += ["--timeout", "60", "--no-control-socket"]
        return [*words, "--logger-class", "gateway.observability.logs.GunicornLogger"]

    def _celery(self, *words: str) -> list[str]:
        role, name = words
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO"]
        pool = ["--pool", "threads", "--concurrency", "6", "-Q", QUEUES]
        return [sys.executable, "-m", "celery", "-A", "config.celery", role, "-n", name, *pool, *quiet]

    def _spawn(
        self, name: str, command: list[str], environment: dict[str, str], stdin: int = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        with (self.layout.logs / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                command, cwd=ROOT, env=self.environment | environment, stdin=stdin, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=die_with_parent,
            )  # fmt: skip

    def _new_output(self, process: Process) -> str:
        path = self.layout.logs / f"{process.name}.log"
        if process.role is None or not path.exists():
            return ""
        with path.open("rb") as log:
            log.seek(process.log_read)
            fresh = log.read()
        whole = fresh[: fresh.rfind(b"\n") + 1]
        process.log_read += len(whole)
        return whole.decode(errors="replace")

    def _bank_account(self, name: str) -> dict[str, str]:
        account: dict[str, str] = self.bank("POST", "/v1/accounts", self.environment["BANK_ADMIN_KEY"], {"name": name})
        return account


def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _answers(url: str) -> bool:
    with contextlib.suppress(OSError), _opener().open(url, timeout=5) as answer:
        return bool(answer.status == 200)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
