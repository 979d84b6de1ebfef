"""The embedded servers: made once, found again, healed after a kill, and nobody else's business."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from embedded import postgres, runner, services, valkey
from embedded.environment import Ports
from embedded.layout import EmbeddedError, Layout, ensure_secrets
from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("servers") / "var"
    yield folder
    services.stop(folder)


def _ensure_in_a_process(var: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "embedded", "--var", str(var), "start"]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def _count(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM probe").fetchone()
        assert row
        return int(row[0])


def test_three_processes_that_start_at_once_share_one_cluster(var: Path) -> None:
    answers = [
        json.loads(process.communicate(timeout=240)[0]) for process in [_ensure_in_a_process(var) for _ in range(3)]
    ]
    assert answers[0] == answers[1] == answers[2]
    with psycopg.connect(answers[0]["database_url"]) as connection:
        row = connection.execute("SHOW fsync").fetchone()
    assert row == ("on",)


def test_both_servers_come_back_after_a_kill_and_committed_rows_with_them(var: Path) -> None:
    servers = services.ensure(var)
    with psycopg.connect(servers.owner_database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS probe (id int)")
        connection.execute("INSERT INTO probe VALUES (1)")
    before = _count(servers.owner_database_url)
    pid = int((var / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])
    os.kill(_outer_pid(pid, var), signal.SIGKILL)

    assert services.ensure(var) == servers
    assert _count(servers.owner_database_url) == before


def _outer_pid(pid: int, var: Path) -> int:
    """The postmaster's process id as we see it: the same, since only its user is mapped."""
    command = Path(f"/proc/{pid}/cmdline")
    if command.exists():
        assert str(var / "postgres" / "data").encode() in command.read_bytes()
    return pid


def test_the_app_and_the_bank_cannot_enter_each_others_database(var: Path) -> None:
    servers = services.ensure(var)
    layout = Layout.of(var)
    secrets = ensure_secrets(layout)
    for role, secret, database in (
        (postgres.APP, "database_app_password", "bank"),
        (postgres.BANK, "database_bank_password", "gateway"),
    ):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(postgres.url(layout, role, secrets[secret], database))
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(servers.database_url.replace(secrets["database_app_password"], "guessed"))


def test_everything_below_var_is_private(var: Path) -> None:
    services.ensure(var)
    layout = Layout.of(var)
    assert stat.S_IMODE(layout.secrets_file.stat().st_mode) == 0o600
    for folder in (layout.var, layout.postgres, layout.valkey, layout.sockets):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_status_and_stop_say_what_ran(var: Path) -> None:
    services.ensure(var)
    expected = {"postgres": True} | ({"valkey": True} if valkey.binary() else {})
    assert services.status(var) == expected
    assert sorted(services.stop(var)) == sorted(expected)
    assert services.status(var) == dict.fromkeys(expected, False)
    assert services.stop(var) == []


def test_a_folder_with_a_long_or_odd_path_gets_short_sockets(tmp_path: Path) -> None:
    for odd in (tmp_path / ("d" * 90), tmp_path / "with a space, and a comma"):
        layout = Layout.of(odd)
        assert layout.sockets != layout.var
        assert len(str(layout.sockets / ".s.PGSQL.5432.lock")) < 100


def test_secrets_are_made_once_and_later_ones_are_added(tmp_path: Path) -> None:
    layout = Layout.of(tmp_path)
    first = ensure_secrets(layout)
    assert ensure_secrets(layout) == first
    earlier_version = {name: value for name, value in first.items() if name != "bank_admin_key"}
    layout.secrets_file.write_text(json.dumps(earlier_version))
    later = ensure_secrets(layout)
    assert {name: later[name] for name in earlier_version} == earlier_version
    assert later["bank_admin_key"] not in {"", first["bank_admin_key"]}


def test_without_a_valkey_binary_broker_and_cache_stay_on_disk_and_in_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(valkey, "binary", lambda: None)
    layout = Layout.of(tmp_path)
    assert services.broker_url(layout) == f"filesystem://localhost{tmp_path}/broker"
    assert services.cache_url(layout) == "dbcache://django_cache"


def test_a_taken_port_is_named_with_a_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(EmbeddedError, match=rf"Port {port} is in use .* make run BANK_PORT={port + 1000}"):
            Ports(web=free_port(), bank=port, shop=free_port()).refuse_taken()


def test_a_port_that_cannot_be_is_named() -> None:
    free = Ports.free()
    with pytest.raises(EmbeddedError, match="SHOP_PORT=70000 is no port"):
        Ports(web=free.web, bank=free.bank, shop=70_000).refuse_taken()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="only /proc says what a process is")
@pytest.mark.parametrize("file", [".run.lock", "postgres/data/postmaster.pid"])
def test_a_number_that_a_killed_process_left_is_nobodys(tmp_path: Path, file: str) -> None:
    stranger = subprocess.Popen(["sleep", "300"])
    try:
        (tmp_path / "postgres" / "data").mkdir(parents=True)
        (tmp_path / "postgres" / "data" / "PG_VERSION").write_text("18\n")
        (tmp_path / file).write_text(f"{stranger.pid}\n")
        assert not runner.stop_runner(Layout.of(tmp_path))
        assert services.stop(tmp_path) == []
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_guard_whose_runner_ended_well_has_nothing_to_do(tmp_path: Path) -> None:
    services.ensure(tmp_path)
    try:
        command = [sys.executable, "-m", "embedded", "--var", str(tmp_path), "guard"]
        subprocess.run(command, cwd=ROOT, input=b"ended well", timeout=240, check=True)
        assert services.status(tmp_path)["postgres"]
    finally:
        services.stop(tmp_path)


def test_a_second_run_on_the_same_folder_says_so_at_once(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD_THE_LOCK, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    try:
        command = [sys.executable, "-m", "embedded", "--var", str(tmp_path), "run"]
        second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240)
        assert second.returncode == 1
        assert f"already runs on {tmp_path} (process {holder.pid})" in second.stderr
    finally:
        holder.communicate("\n", timeout=240)
    assert not (tmp_path / "postgres" / "data").exists()


_HOLD_THE_LOCK = """
import sys
from embedded.layout import Layout
from embedded.runner import _only_runner
with _only_runner(Layout.of(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_what_a_killed_runner_left_running_is_stopped(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD_THE_LOCK, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    services.ensure(tmp_path)
    try:
        holder.kill()
        holder.communicate()
        deadline = time.monotonic() + 60
        while any(services.status(tmp_path).values()):
            assert time.monotonic() < deadline, "the guard did not stop the servers"
            time.sleep(0.05)
    finally:
        services.stop(tmp_path)
