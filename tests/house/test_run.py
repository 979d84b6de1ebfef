"""`make run`, as a person meets it: ready, usable by pasting the README, loud about a crash, gone without a trace."""

import contextlib
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from embedded import services
from embedded.environment import Ports
from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 240

pytestmark = pytest.mark.faults


class Run:
    """One `make run` on a folder and ports of its own."""

    def __init__(self, folder: Path) -> None:
        self.var = folder / "var"
        self.output = folder / "output.txt"
        ports = Ports(web=free_port(), bank=free_port(), shop=free_port())
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DATABASE_", "BROKER_", "CACHE_", "BANK_"))
        }
        for name in ("SECRET_KEY", "ENCRYPTION_KEYS", "FINGERPRINT_KEYS", "ALLOWED_HOSTS", "PUBLIC_URL"):
            environment.pop(name, None)  # the tests' own
        environment |= {"PORT": str(ports.web), "BANK_PORT": str(ports.bank), "SHOP_PORT": str(ports.shop)}
        self.command = [sys.executable, "-m", "embedded", "--var", str(self.var), "run", "--no-history"]
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
        self.environment = environment
        self.until((self.var / "run.json").exists)
        self.facts: dict[str, Any] = json.loads((self.var / "run.json").read_text())

    def said(self) -> str:
        return self.output.read_text()

    def until(self, true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not true():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    run = Run(tmp_path)
    yield run
    if run.process.poll() is None:
        run.process.kill()
    run.process.wait()
    services.stop(run.var)


def _status(url: str) -> int:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=60) as response:
        return int(response.status)


def _prints_where_to_go_and_writes_the_same_for_tools(run: Run) -> None:
    run.until(lambda: "Ctrl-C stops everything." in run.said())
    keys = {"base_url", "bank_url", "shop_url", "docs_url", "dashboard", "api_key", "publishable_key", "checkout_url"}
    assert keys <= set(run.facts)
    assert stat.S_IMODE((run.var / "run.json").stat().st_mode) == 0o600
    for words in (run.facts["dashboard"]["email"], run.facts["api_key"]["secret"], run.facts["checkout_url"]):
        assert words in run.said()


def _every_page_that_it_names_answers(run: Run) -> None:
    for page in ("base_url", "shop_url", "docs_url", "checkout_url"):
        assert _status(run.facts[page]) == 200


def _everything_is_well(run: Run) -> None:
    def well() -> bool:
        with contextlib.suppress(urllib.error.HTTPError):  # a check that is late is asked again
            return _status(run.facts["base_url"] + "/health") == 200
        return False

    run.until(well)


def _the_first_requests_of_the_readme_work_when_pasted(run: Run, tmp_path: Path) -> None:
    section = (ROOT / "README.md").read_text().split("## The first request")[1].split("\n## ")[0]
    pasted = "set -eu\n" + "\n".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL)).replace("wait=10", "wait=30")
    assert run.var == tmp_path / "var"
    done = subprocess.run(["bash", "-c", pasted], cwd=tmp_path, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    order, payment = (json.loads(part) for part in done.stdout.replace("}{", "}\n{").splitlines())
    assert (order["object"], order["status"], order["amount"], order["currency"]) == ("order", "created", 4999, "EUR")
    assert (payment["object"], payment["status"], payment["amount_captured"]) == ("payment", "succeeded", 4999)


def _a_second_run_on_the_same_folder_is_told_where_the_first_is(run: Run) -> None:
    second = subprocess.run(run.command, cwd=ROOT, env=run.environment, capture_output=True, text=True, timeout=240)
    assert second.returncode == 1
    assert f"already runs on {run.var} (process {run.process.pid}) at {run.facts['base_url']}" in second.stderr


def _a_killed_worker_is_named_and_replaced(run: Run) -> None:
    os.kill(run.facts["pids"]["worker"], signal.SIGKILL)
    run.until(lambda: "worker was started again." in run.said())
    assert "worker has crashed: killed by SIGKILL." in run.said()


def _sigterm_stops_everything_and_leaves_nothing_behind(run: Run) -> None:
    pids = [pid for name, pid in run.facts["pids"].items() if name != "worker"]
    run.process.send_signal(signal.SIGTERM)
    assert run.process.wait(timeout=240) == 0
    assert run.said().rstrip().endswith("Stopping everything.")
    assert not (run.var / "run.json").exists()
    assert not any(services.status(run.var).values())
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    for url in (run.facts["base_url"], run.facts["bank_url"], run.facts["shop_url"]):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", int(url.rsplit(":", 1)[1])))


def test_it_is_ready_usable_loud_about_a_crash_and_gone_without_a_trace(run: Run, tmp_path: Path) -> None:
    """One test, in order: a start is too dear to be repeated for each sentence."""
    _prints_where_to_go_and_writes_the_same_for_tools(run)
    _every_page_that_it_names_answers(run)
    _everything_is_well(run)
    _the_first_requests_of_the_readme_work_when_pasted(run, tmp_path)
    _a_second_run_on_the_same_folder_is_told_where_the_first_is(run)
    _a_killed_worker_is_named_and_replaced(run)
    _sigterm_stops_everything_and_leaves_nothing_behind(run)
