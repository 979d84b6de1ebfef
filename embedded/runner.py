"""`make run` and `make demo`: everything on one machine, in the foreground, until Ctrl-C."""

import base64
import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from embedded import services
from embedded.environment import HOST, Ports, process_environment
from embedded.layout import EmbeddedError, Layout, write_private
from embedded.processes import Part, Processes, die_with_parent

ROOT = Path(__file__).resolve().parents[1]
_GUARD_PATIENCE_SECONDS = 3
LOCK_WAIT_SECONDS = 15
QUEUES = "payments,refunds,webhooks,default"
WATCH_SECONDS = 0.2
SERVERS_WATCH_SECONDS = 2.0


class Runner:
    """One running gateway on one data folder."""

    def __init__(self, layout: Layout, ports: Ports, history: bool, *, isolated: bool = False) -> None:
        self.layout = layout
        self.ports = ports
        self.history = history
        self.isolated = isolated
        self.stopping = threading.Event()
        self.facts: dict[str, Any] = {}
        self._processes: Processes | None = None
        self._environment: dict[str, str] = {}

    def boot(self) -> None:
        """Start and prepare everything; when this returns, payments can be taken."""
        self.ports.refuse_taken()
        servers = services.ensure(self.layout.var)
        self._environment = process_environment(self.layout, servers, self.ports, isolated=self.isolated)
        self._processes = Processes(self.layout.logs, self._environment, ROOT, say, self.stopping.is_set)
        shutil.rmtree(self.layout.metrics, ignore_errors=True)  # the counters of processes that are no more
        self.layout.metrics.mkdir()
        self._migrate()
        for part in self._parts():
            self._processes.start(part)
        self._processes.wait_ready()
        seed = self._seed()
        if self.stopping.is_set():
            return
        if importlib.util.find_spec("examples"):
            self._processes.start(self._shop(seed))
            self._processes.wait_ready()
            if self.stopping.is_set():
                return
        if self.history:
            self._live_history()
        if self.stopping.is_set():
            return
        try:
            self.facts = self._make_facts(seed)
        except OSError as error:
            assert self._processes
            self._processes.revive()  # names who has crashed
            raise EmbeddedError(f"No order could be made: {error}. See {self.layout.logs}") from error
        write_private(self.layout.run_file, json.dumps(self.facts, indent=2) + "\n")

    def watch(self) -> None:
        """Until asked to stop: name what crashes and start it again."""
        look_at_servers = time.monotonic() + SERVERS_WATCH_SECONDS
        while not self.stopping.wait(WATCH_SECONDS):
            if self._processes:
                self._processes.revive()
            if time.monotonic() >= look_at_servers:
                down = [name for name, up in services.status(self.layout.var).items() if not up]
                if down:
                    services.ensure(self.layout.var)
                    say(f"{' and '.join(down)} had stopped (see {self.layout.var}) and was started again.")
                look_at_servers = time.monotonic() + SERVERS_WATCH_SECONDS

    def stop(self) -> None:
        """End every process, then the servers. Safe to call at any moment after the constructor."""
        self.layout.run_file.unlink(missing_ok=True)
        if self._processes:
            self._processes.stop()
        services.stop(self.layout.var)

    def run_tool(self, module: str, *arguments: str) -> int:
        """Run one of our tools beside the gateway, its output going to ours; its exit status."""
        command = [sys.executable, "-m", module, *arguments]
        process = subprocess.Popen(command, cwd=ROOT, env=self._environment, preexec_fn=die_with_parent)
        while process.poll() is None:
            if self.stopping.wait(WATCH_SECONDS):
                process.terminate()
                process.wait()
                return 130
            if self._processes:
                self._processes.revive()
        return process.returncode

    def _migrate(self) -> None:
        """Bring both databases up to date; skipped when nothing has changed since this cluster last was."""
        stamp, current = self.layout.postgres / "migrated", _migrations_fingerprint(self._environment)
        if stamp.exists() and stamp.read_text() == current:
            return
        assert self._processes
        manage = [sys.executable, "manage.py"]
        with ThreadPoolExecutor() as pool:
            bank = [sys.executable, "-m", "bank.manage", "migrate", "--no-input"]
            both = [
                pool.submit(self._processes.run_once, "migrate", [*manage, "migrate", "--no-input"]),
                pool.submit(self._processes.run_once, "migrate-bank", bank),
            ]
        for migration in both:
            migration.result()
        if self._environment["CACHE_URL"].startswith("dbcache"):
            self._processes.run_once("migrate", [*manage, "createcachetable", "--database", "owner"])
        if not self.stopping.is_set():
            stamp.write_text(current)

    def _parts(self) -> list[Part]:
        python = sys.executable
        metrics = {"PROMETHEUS_MULTIPROC_DIR": str(self.layout.metrics)}
        gunicorn = [python, "-m", "gunicorn"]
        celery = [python, "-m", "celery", "-A", "config.celery"]
        bank = Part("bank", [*gunicorn, "--config", "python:bank.gunicorn_conf"], self.ports.url("bank") + "/health")
        web = Part(
            "web",
            [
                *gunicorn,
                "config.wsgi:application",
                *("--bind", f"{HOST}:{self.ports.web}"),
                *("--worker-class", "gthread", "--workers", "2", "--threads", self._environment["WEB_THREADS"]),
                *("--timeout", "60", "--graceful-timeout", "5"),
                "--no-control-socket",
                "--preload",  # import once, then fork: nothing connects to anything while it is imported
                *("--logger-class", "gateway.observability.logs.GunicornLogger"),
            ],
            self.ports.url("web") + "/health/live",
            environment=metrics,
        )
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        worker = Part(
            "worker",
            [*celery, "worker", "--pool", "threads", "--concurrency", "8", "-Q", QUEUES, *quiet, "--loglevel", "INFO"],
            ready_log=" ready.",
            environment=metrics,
        )
        beat = Part("beat", [*celery, "beat", "--pidfile=", "--loglevel", "WARNING"])
        return [bank, web, worker, beat]

    def _shop(self, seed: dict[str, Any]) -> Part:
        environment = {
            "GATEWAY_API_KEY_ID": seed["api_key"]["id"],
            "GATEWAY_API_SECRET": seed["api_key"]["secret"],
            "GATEWAY_WEBHOOK_SECRET": seed["shop"]["webhook_secret"],
            "SHOP_DATABASE": str(self.layout.var / "shop.sqlite3"),
        }
        return Part(
            "shop", [sys.executable, "-m", "examples.shop"], self.ports.url("shop") + "/", environment=environment
        )

    def _seed(self) -> dict[str, Any]:
        """The demo merchant's credentials; made once per data folder and set of addresses."""
        assert self._processes
        file, stamp = self.layout.var / "seed.json", self.layout.var / "seeded"
        current = " ".join(self.ports.url(part) for part in ("web", "bank", "shop"))
        if not (file.exists() and stamp.exists() and stamp.read_text() == current):
            options = [] if self.history else ["--no-history"]
            command = [sys.executable, "manage.py", "seed_demo", "--json", str(file)]
            command += ["--shop-url", self.ports.url("shop"), *options]
            self._processes.run_once("seed", command)
            if self.stopping.is_set():
                return {}
            file.chmod(0o600)
            stamp.write_text(current)
        seed: dict[str, Any] = json.loads(file.read_text())
        return seed

    def _live_history(self) -> None:
        """Two weeks of payments, once per data folder; what was interrupted goes on where it stopped."""
        assert self._processes
        stamp = self.layout.var / "history"
        if not stamp.exists():
            say("Taking two weeks of demo payments.")
            try:
                self._processes.run_once("seed", [sys.executable, "manage.py", "seed_history"])
            except EmbeddedError as error:  # a slow machine; everything works without them
                say(f"{error}\nThe demo payments are not complete. The next start goes on with them.")
                return
            if not self.stopping.is_set():
                stamp.touch()

    def _make_facts(self, seed: dict[str, Any]) -> dict[str, Any]:
        base_url = self.ports.url("web")
        return {
            "base_url": base_url,
            "bank_url": self.ports.url("bank"),
            "shop_url": self.ports.url("shop"),
            "docs_url": f"{base_url}/api/docs",
            "dashboard": seed["dashboard"],
            "api_key": seed["api_key"],
            "publishable_key": seed["publishable_key"],
            "checkout_url": _new_order(base_url, seed["api_key"])["checkout_url"],
            "pids": self._processes.pids() if self._processes else {},
        }


def run(var: Path, history: bool = True) -> int:
    """Everything on one data folder until Ctrl-C; the exit status."""
    layout, ports = Layout.of(var), Ports.chosen(os.environ)
    with _only_runner(layout), _until_signal(Runner(layout, ports, history=history)) as runner:
        started = time.monotonic()
        say("Starting PostgreSQL, Valkey, the bank, web, worker and beat; the first time this takes a little longer.")
        runner.boot()
        if not runner.stopping.is_set():
            _print_welcome(runner.facts, runner.layout, time.monotonic() - started)
            runner.watch()
            say("Stopping everything.")
    return 0


def demo() -> int:
    """The same on free ports in a folder that is thrown away: takes payments by HTTP only, and stops."""
    folder = Path(tempfile.mkdtemp(prefix="gateway-demo-"))
    layout, ports = Layout.of(folder), Ports.free()
    try:
        with _only_runner(layout), _until_signal(Runner(layout, ports, history=False, isolated=True)) as runner:
            runner.boot()
            if runner.stopping.is_set():
                return 130
            tool = ["--run-file", str(layout.run_file), "--receiver-port", str(ports.receiver)]
            return runner.run_tool("demo", *tool)
    finally:
        if layout.sockets != layout.var:
            shutil.rmtree(layout.sockets, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def stop_runner(layout: Layout) -> bool:
    """Ask the runner of this folder to end, and wait for it; whether there was one."""
    pid = _holder(layout)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 30
    while _holder(layout) == pid and time.monotonic() < deadline:
        time.sleep(0.1)
    return True


def guard(var: Path) -> int:
    """Wait for the runner's end, and stop what it left running when it was killed: it said nothing on standard input then."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    ended_well = bool(sys.stdin.read())
    layout = Layout.of(var)
    if ended_well or not layout.var.exists():
        return 0
    with (layout.var / ".run.lock").open("a") as handle:
        # The system closes a dead runner's pipe a moment before it gives back its lock.
        deadline = time.monotonic() + _GUARD_PATIENCE_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                handle.truncate(0)  # the process id in it is nobody's now, and may soon be a stranger's
                services.stop(var)
                return 0
            time.sleep(0.05)
    return 0  # still held: a new runner is already at work here


def say(message: str) -> None:
    """One line for the person at the terminal, at once."""
    print(message, flush=True)


@contextlib.contextmanager
def _only_runner(layout: Layout) -> Iterator[None]:
    """Hold the folder's `run` lock, so that nobody else runs on it, and have a guard that outlives us."""
    layout.create()
    deadline = time.monotonic() + LOCK_WAIT_SECONDS
    with (layout.var / ".run.lock").open("a+") as handle:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                pid = _holder(layout)
                # No holder by name: the guard of a killed runner is tidying up. It ends soon.
                if pid is not None or time.monotonic() > deadline:
                    raise EmbeddedError(_already_runs(layout, pid)) from error
                time.sleep(0.1)
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        command = [sys.executable, "-m", "embedded", "--var", str(layout.var), "guard"]
        watcher = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, start_new_session=True)
        try:
            yield
        finally:
            handle.truncate(0)
            with contextlib.suppress(BrokenPipeError):
                watcher.communicate(b"ended well")


def _already_runs(layout: Layout, pid: int | None) -> str:
    where = ""
    with contextlib.suppress(OSError, ValueError, KeyError):
        where = f" at {json.loads(layout.run_file.read_text())['base_url']}"
    return (
        f"The gateway already runs on {layout.var} (process {pid}){where}. Stop that one with Ctrl-C, "
        "or start another on a folder and ports of its own: make run VAR=var2 PORT=9000"
    )


def _holder(layout: Layout) -> int | None:
    """The process id of the living runner that holds this folder, if there is one.

    Only who holds the lock is believed: a killed runner leaves its number behind, which may be anybody's by now.
    """
    with contextlib.suppress(OSError, ValueError), (layout.var / ".run.lock").open() as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = int(handle.read())
            os.kill(pid, 0)
            return pid
    return None


@contextlib.contextmanager
def _until_signal(runner: Runner) -> Iterator[Runner]:
    """Let Ctrl-C and SIGTERM ask the runner to stop, and stop everything at the end, whatever happened."""

    def ask(number: int, frame: object) -> None:
        runner.stopping.set()

    before: dict[signal.Signals, Callable[..., Any] | int | None] = {}
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        before[number] = signal.signal(number, ask)
    try:
        yield runner
    finally:
        runner.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


def _migrations_fingerprint(environment: dict[str, str]) -> str:
    digest = hashlib.sha256(environment["DATABASE_URL"].encode())
    for path in sorted(ROOT.glob("*/**/migrations/**/*.py")):
        if ".venv" not in path.parts:
            digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    digest.update((ROOT / "requirements.lock").read_bytes())
    return digest.hexdigest()


def _new_order(base_url: str, api_key: dict[str, str]) -> dict[str, Any]:
    """An unpaid order of the demo merchant, made through the public API."""
    credentials = base64.b64encode(f"{api_key['id']}:{api_key['secret']}".encode()).decode()
    body = {"amount": 4999, "currency": "EUR", "description": "Brass desk lamp", "reference": "demo-checkout"}
    request = urllib.request.Request(  # noqa: S310  (our own loopback address)
        f"{base_url}/api/v1/orders",
        data=json.dumps(body).encode(),
        headers={
            "Authorization": f"Basic {credentials}",
            "Content-Type": "application/json",
            "Idempotency-Key": str(uuid.uuid4()),
        },
        method="POST",
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=30) as response:
        order: dict[str, Any] = json.load(response)
        return order


def _print_welcome(facts: dict[str, Any], layout: Layout, seconds: float) -> None:
    say(f"""
The gateway is ready after {seconds:.1f} s. Everything is in test mode; no card here moves money.

  Dashboard   {facts["base_url"]}/dashboard/
    sign in   {facts["dashboard"]["email"]}   {facts["dashboard"]["password"]}
  Checkout    {facts["checkout_url"]}
    a card    4242 4242 4242 4242, any future date, any CVC
  Shop        {facts["shop_url"]}/
  API docs    {facts["docs_url"]}
    test key  {facts["api_key"]["id"]}
    secret    {facts["api_key"]["secret"]}

Logs are in {_shown(layout.logs)}/. For tools, the same in {_shown(layout.run_file)}. Ctrl-C stops everything.""")


def _shown(path: Path) -> Path:
    """As short as it can be typed in this checkout."""
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
