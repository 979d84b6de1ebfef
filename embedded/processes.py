"""Processes that live and end together: started in groups of their own, watched, restarted, named when they crash."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from embedded.layout import EmbeddedError

READY_TIMEOUT_SECONDS = 90
STOP_TIMEOUT_SECONDS = 12
RESTARTS_MAX = 5
RESTARTS_WINDOW_SECONDS = 60
LOG_BYTES_MAX = 20_000_000
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Part:
    """One long-running process. It is ready when its address answers or its log says so."""

    name: str
    command: list[str]
    ready_url: str | None = None
    ready_log: str | None = None
    environment: dict[str, str] = field(default_factory=dict)


@dataclass
class _Running:
    part: Part
    process: subprocess.Popen[bytes]
    log_start: int
    crashes: deque[float]


def die_with_parent() -> None:
    """Ask the kernel (Linux) to end this process when its parent ends, however that ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Processes:
    """The parts of one data folder. Not thread-safe: one caller starts, watches and stops them."""

    def __init__(
        self,
        logs: Path,
        environment: dict[str, str],
        root: Path,
        say: Callable[[str], None],
        stopping: Callable[[], bool],
    ) -> None:
        self._logs = logs
        self._environment = environment
        self._root = root
        self._say = say
        self._stopping = stopping
        self._running: dict[str, _Running] = {}

    def start(self, part: Part) -> None:
        """Start a part in a process group of its own, its output going to its log."""
        log = self._logs / f"{part.name}.log"
        if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
            log.replace(log.with_suffix(".log.1"))
        crashes = self._running[part.name].crashes if part.name in self._running else deque[float]()
        with log.open("ab") as output:
            start = output.tell()
            process = subprocess.Popen(
                part.command,
                cwd=self._root,
                env=self._environment | part.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        self._running[part.name] = _Running(part, process, start, crashes)

    def run_once(self, name: str, command: list[str], environment: dict[str, str] | None = None) -> None:
        """Run a command to its end, or until everything is to stop, its output going to its log.

        Raises EmbeddedError with the end of the log when it fails. Parts that crash meanwhile are named and started again.
        """
        if self._stopping():
            return
        log = self._logs / f"{name}.log"
        with log.open("ab") as output:
            start = output.tell()
            process = subprocess.Popen(
                command,
                cwd=self._root,
                env=self._environment | (environment or {}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        try:
            while (status := process.poll()) is None and not self._stopping():
                self.revive()
                time.sleep(0.05)
        finally:
            if process.poll() is None:
                self._kill_group(process, signal.SIGTERM)
                process.wait()
        if status:
            raise EmbeddedError(f"{name} failed ({describe_exit(status)}):\n{_tail(log, start, name)}")

    def wait_ready(self) -> None:
        """Wait until every started part is ready. Raises EmbeddedError naming the one that ends or takes too long."""
        deadline = time.monotonic() + READY_TIMEOUT_SECONDS
        for running in list(self._running.values()):
            while not self._stopping() and not self._is_ready(running):
                log = self._logs / f"{running.part.name}.log"
                if (status := running.process.poll()) is not None:
                    ending = _tail(log, running.log_start, running.part.name)
                    raise EmbeddedError(f"{running.part.name} did not start ({describe_exit(status)}):\n{ending}")
                if time.monotonic() > deadline:
                    ending = _tail(log, running.log_start, running.part.name)
                    raise EmbeddedError(f"{running.part.name} was not ready in time:\n{ending}")
                time.sleep(0.05)

    def revive(self) -> None:
        """Name every part that has ended by itself, with the end of its log, and start it again.

        Raises EmbeddedError when one crashes over and over.
        """
        for running in list(self._running.values()):
            status = running.process.poll()
            if status is None:
                continue
            name, now = running.part.name, time.monotonic()
            self._kill_group(running.process, signal.SIGKILL)  # what a killed master left behind holds its port
            log = self._logs / f"{name}.log"
            self._say(f"{name} has crashed: {describe_exit(status)}. The end of {log}:")
            self._say(_tail(log, running.log_start, name))
            running.crashes.append(now)
            while running.crashes and running.crashes[0] < now - RESTARTS_WINDOW_SECONDS:
                running.crashes.popleft()
            if len(running.crashes) > RESTARTS_MAX:
                raise EmbeddedError(
                    f"{name} crashed {len(running.crashes)} times within a minute; stopping everything."
                )
            self.start(running.part)
            self._say(f"{name} was started again.")

    def stop(self) -> None:
        """End every part, the last started first; those that do not listen are killed after a while."""
        parts = list(reversed(self._running.values()))
        for running in parts:
            self._kill_group(running.process, signal.SIGTERM)
        deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
        for running in parts:
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.process.wait(max(0.0, deadline - time.monotonic()))
        for running in parts:
            self._kill_group(running.process, signal.SIGKILL)
            running.process.wait()
        self._running.clear()

    def pids(self) -> dict[str, int]:
        """The process id of each part."""
        return {name: running.process.pid for name, running in self._running.items()}

    def _is_ready(self, running: _Running) -> bool:
        if running.part.ready_url:
            return _answers(running.part.ready_url)
        if running.part.ready_log:
            return running.part.ready_log in _read(self._logs / f"{running.part.name}.log", running.log_start)
        return running.process.poll() is None

    @staticmethod
    def _kill_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)


def describe_exit(status: int) -> str:
    """`exit status 1`, or the signal by its name."""
    if status >= 0:
        return f"exit status {status}"
    with contextlib.suppress(ValueError):
        return f"killed by {signal.Signals(-status).name}"
    return f"killed by signal {-status}"


def _answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as response:
            return bool(response.status == 200)
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False


def _read(log: Path, start: int) -> str:
    with log.open("rb") as handle:
        handle.seek(start)
        return handle.read().decode(errors="replace")


def _tail(log: Path, start: int, name: str) -> str:
    lines = _read(log, start).splitlines()[-15:]
    return "\n".join(f"  {name} | {line}" for line in lines) or f"  {name} | (nothing was written)"
