"""Processes that live and end together."""

import os
import signal
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from embedded.layout import EmbeddedError
from embedded.processes import Part, Processes, describe_exit
from tests.support.ports import free_port


class Stage:
    """Processes whose words are kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []
        self.stopping = threading.Event()
        self.processes = Processes(folder, dict(os.environ), folder, self.said.append, self.stopping.is_set)

    def part(self, name: str, code: str, **ready: str) -> Part:
        return Part(name, [sys.executable, "-u", "-c", textwrap.dedent(code)], **ready)  # type: ignore[arg-type]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.processes.stop()


def _eventually(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 50  # within the minute of `beat crashed`
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        state = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):  # it was reaped meanwhile, unless this system has no such files
        return not Path("/proc/self/stat").exists()
    return state.rsplit(")", 1)[1].split()[0] != "Z"


def test_a_part_is_ready_when_its_log_says_so(stage: Stage) -> None:
    stage.processes.start(
        stage.part("clock", "import time; print('is ready.'); time.sleep(60)", ready_log="is ready.\n")
    )
    stage.processes.wait_ready()
    assert (stage.folder / "clock.log").read_text() == "is ready.\n"


def test_a_part_is_ready_when_its_address_answers(stage: Stage) -> None:
    port = free_port()
    serve = f"from http.server import *; HTTPServer(('127.0.0.1', {port}), SimpleHTTPRequestHandler).serve_forever()"
    stage.processes.start(stage.part("site", serve, ready_url=f"http://127.0.0.1:{port}/"))
    stage.processes.wait_ready()


def test_a_part_that_ends_while_starting_is_named_with_the_end_of_its_log(stage: Stage) -> None:
    stage.processes.start(stage.part("web", "print('no such table'); raise SystemExit(3)", ready_log="never"))
    with pytest.raises(EmbeddedError, match=r"web did not start \(exit status 3\):\n  web \| no such table"):
        stage.processes.wait_ready()


def test_a_killed_part_is_named_and_started_again(stage: Stage) -> None:
    stage.processes.start(stage.part("worker", "import time; print('up'); time.sleep(60)", ready_log="up"))
    stage.processes.wait_ready()
    pid = stage.processes.pids()["worker"]
    os.kill(pid, signal.SIGKILL)
    _eventually(lambda: not _is_alive(pid))

    stage.processes.revive()

    assert stage.said[0].startswith("worker has crashed: killed by SIGKILL.")
    assert stage.said[-1] == "worker was started again."
    assert _is_alive(stage.processes.pids()["worker"])
    assert stage.processes.pids()["worker"] != pid


def test_a_part_that_crashes_over_and_over_ends_the_run(stage: Stage) -> None:
    stage.processes.start(stage.part("beat", "raise SystemExit(1)"))

    def crash_and_revive() -> bool:
        stage.processes.revive()
        return False

    with pytest.raises(EmbeddedError, match="beat crashed 6 times within a minute"):
        _eventually(crash_and_revive)


def test_stopping_ends_the_children_of_a_part_too_even_the_deaf_ones(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedded.processes.STOP_TIMEOUT_SECONDS", 0.5)
    deaf = """
    import os, signal, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = os.fork()
    if child:
        print("child", child, "up")
    time.sleep(60)
    """
    stage.processes.start(stage.part("deaf", deaf, ready_log="up"))
    stage.processes.wait_ready()
    child = int((stage.folder / "deaf.log").read_text().split()[1])

    stage.processes.stop()

    _eventually(lambda: not _is_alive(child))
    assert stage.processes.pids() == {}


def test_a_command_that_fails_is_named_with_what_it_said(stage: Stage) -> None:
    with pytest.raises(EmbeddedError, match=r"migrate failed \(exit status 1\):\n  migrate \| refused"):
        stage.processes.run_once("migrate", [sys.executable, "-c", "print('refused'); raise SystemExit(1)"])


def test_a_command_ends_with_everything_else(stage: Stage) -> None:
    started = time.monotonic()
    threading.Timer(0.3, stage.stopping.set).start()
    stage.processes.run_once("seed", [sys.executable, "-c", "import time; time.sleep(60)"])
    assert time.monotonic() - started < 20


def test_an_exit_is_described_in_words() -> None:
    assert describe_exit(2) == "exit status 2"
    assert describe_exit(-9) == "killed by SIGKILL"
