"""The test databases: one migrated template, and clones of it that are made in a moment and dropped.

Nothing here ever flushes: append-only tables refuse TRUNCATE, and a clone is faster anyway. The app's alias `default`
connects as the app's role, so that what production forbids is forbidden here too.
"""

import contextlib
import hashlib
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from psycopg import sql

from embedded import postgres, services
from embedded.layout import Layout, ensure_secrets

_counter = itertools.count()


@dataclass(frozen=True)
class TestDatabase:
    """One database of the test cluster, with the addresses that other processes need."""

    __test__ = False

    name: str
    url: str
    owner_url: str
    broker_url: str
    cache_url: str

    def environment(self) -> dict[str, str]:
        """The environment of a subprocess (a worker, a server) that works on this database with the test secrets."""
        names = ("SECRET_KEY", "ENCRYPTION_KEYS", "FINGERPRINT_KEYS", "BROKER_KEY_PREFIX", "CACHE_KEY_PREFIX")
        return {
            **os.environ,
            **{name: os.environ[name] for name in names},
            "DJANGO_SETTINGS_MODULE": "config.settings.local",
            "DATABASE_URL": self.url,
            "DATABASE_OWNER_URL": self.owner_url,
            "BROKER_URL": self.broker_url,
            "CACHE_URL": self.cache_url,
            "DATABASE_POOL_MAX": "10",
        }


class Cluster:
    """The embedded PostgreSQL of `var/test/`, shared by every worker and every run of this checkout."""

    def __init__(self, var: Path) -> None:
        self.layout = Layout.of(var)
        self.servers = services.ensure(var, profile="test")
        self.secrets = ensure_secrets(self.layout)

    def database(self, name: str) -> TestDatabase:
        return TestDatabase(
            name=name,
            url=postgres.url(self.layout, postgres.APP, self.secrets["database_app_password"], name),
            owner_url=postgres.url(self.layout, postgres.OWNER, self.secrets["database_owner_password"], name),
            broker_url=self.servers.broker_url,
            cache_url=self.servers.cache_url,
        )

    @contextlib.contextmanager
    def admin(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection of the owner that is in no database a test uses."""
        with psycopg.connect(self.database("postgres").owner_url, autocommit=True) as connection:
            yield connection

    def template(self) -> str:
        """The name of the migrated template; made by whoever comes first, while the others wait."""
        name = f"template_{_fingerprint()}"
        with self.layout.locked("template"), self.admin() as connection:
            databases = [row[0] for row in connection.execute("SELECT datname FROM pg_database").fetchall()]
            for stale in databases:
                if _is_stale(stale, name):
                    _drop(connection, stale)
            if name not in databases:
                _drop(connection, "template_partial")
                postgres.create_database(connection, "template_partial")
                self._migrate("template_partial")
                connection.execute(sql.SQL("ALTER DATABASE template_partial RENAME TO {}").format(sql.Identifier(name)))
        return name

    def _migrate(self, name: str) -> None:
        with self.pointed_at(self.database(name)):
            call_command("migrate", database="owner", verbosity=0, interactive=False)

    def clone(self, template: str) -> TestDatabase:
        """A fresh copy of the template, named after this process so that a later run knows it as stale."""
        name = f"test_{os.getpid()}_{next(_counter)}"
        with self.admin() as connection:
            _drop(connection, name)  # a run that crashed may have left one, and had our process id
            statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY FILE_COPY")
            identifiers = (sql.Identifier(name), sql.Identifier(postgres.OWNER), sql.Identifier(template))
            connection.execute(statement.format(*identifiers))
            grant = sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}")
            connection.execute(grant.format(sql.Identifier(name), sql.Identifier(postgres.APP)))
        return self.database(name)

    def drop(self, database: TestDatabase) -> None:
        """Drop a clone, whoever is still connected to it."""
        with self.admin() as connection:
            _drop(connection, database.name)

    @contextlib.contextmanager
    def pointed_at(self, database: TestDatabase) -> Iterator[None]:
        """Let both aliases, in every thread that connects from now on, go to this database; go back afterwards.

        Connections of other threads that outlive the block must be closed by whoever started these threads.
        """
        passwords = {"default": "database_app_password", "owner": "database_owner_password"}
        # The same dict serves every thread: Django makes each thread's connection from it.
        configurations = {alias: connections.settings[alias] for alias in passwords}
        before = {alias: (config["NAME"], config["PASSWORD"]) for alias, config in configurations.items()}
        for alias, config in configurations.items():
            connections[alias].close()
            config["NAME"], config["PASSWORD"] = database.name, self.secrets[passwords[alias]]
            settings.DATABASES[alias]["NAME"] = database.name
        try:
            yield
        finally:
            for alias, config in configurations.items():
                connections[alias].close()
                config["NAME"], config["PASSWORD"] = before[alias]
                settings.DATABASES[alias]["NAME"] = before[alias][0]


def _drop(connection: psycopg.Connection[Any], name: str) -> None:
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _is_stale(name: str, current_template: str) -> bool:
    if name.startswith("template_") and name != "template_partial":
        return name != current_template
    if name.startswith("test_"):
        return not _is_alive(int(name.split("_")[1]))
    return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _fingerprint() -> str:
    """Changes with every migration, with the settings' apps and with the month, whose partitions a template carries."""
    digest = hashlib.sha256()
    for path in sorted(settings.BASE_DIR.glob("*/**/migrations/**/*.py")):
        if ".venv" not in path.parts:
            digest.update(str(path.relative_to(settings.BASE_DIR)).encode() + b"\0" + path.read_bytes())
    core = settings.BASE_DIR / "gateway" / "core"
    for path in (Path(__file__), core / "partitions.py", core / "management" / "commands" / "migrate.py"):
        if path.exists():
            digest.update(path.read_bytes())
    digest.update(repr((settings.INSTALLED_APPS, os.environ["TEST_MONTH"])).encode())
    return digest.hexdigest()[:16]
