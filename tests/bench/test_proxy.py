"""The proxy that cuts connections at COMMIT, before and after the server has seen it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
import pytest

from tests.support.database import TestDatabase

ROOT = Path(__file__).resolve().parents[2]


class Proxy:
    """The proxy as a process, before the database of a test."""

    def __init__(self, database: TestDatabase) -> None:
        self.database = database
        folder = unquote(database.owner_url.split("?host=")[1])
        command = [sys.executable, "-m", "bench.faults.proxy", "--target", f"{folder}/.s.PGSQL.5432"]
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.line().removeprefix("listening "))

    def line(self) -> str:
        """The next line that it prints."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def order(self, line: str) -> None:
        """Tell it what to cut, and wait until it obeys."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        assert self.line() == f"ordered {line}"

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection through the proxy."""
        url = urlsplit(self.database.owner_url)
        with psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=url.username,
            password=unquote(url.password or ""),
            dbname=self.database.name,
        ) as connection:
            yield connection


@pytest.fixture
def proxy(committed_db: TestDatabase) -> Iterator[Proxy]:
    running = Proxy(committed_db)
    with running.connection() as connection:
        connection.execute("CREATE TABLE notes (text text)")
    yield running
    running.process.communicate(timeout=60)  # it ends with its standard input
    assert running.process.returncode == 0


def notes(proxy: Proxy) -> list[str]:
    with psycopg.connect(proxy.database.owner_url) as connection:
        return [row[0] for row in connection.execute("SELECT text FROM notes ORDER BY text").fetchall()]


def write(proxy: Proxy, text: str) -> None:
    with proxy.connection() as connection:
        connection.execute("INSERT INTO notes VALUES (%s)", [text])


def test_what_is_not_struck_passes(proxy: Proxy) -> None:
    write(proxy, "one")
    assert notes(proxy) == ["one"]


def test_a_connection_that_is_cut_before_its_commit_wrote_nothing(proxy: Proxy) -> None:
    proxy.order("before 1")
    with pytest.raises(psycopg.OperationalError):
        write(proxy, "one")
    assert proxy.line() == "cut before"
    assert notes(proxy) == []
    write(proxy, "two")
    assert notes(proxy) == ["two"]


def test_a_connection_that_is_cut_after_its_commit_wrote_and_was_not_told(proxy: Proxy) -> None:
    proxy.order("after 1")
    with pytest.raises(psycopg.OperationalError):
        write(proxy, "one")
    assert proxy.line() == "cut after"
    assert notes(proxy) == ["one"]


def test_a_reset_cuts_every_connection(proxy: Proxy) -> None:
    with pytest.raises(psycopg.OperationalError), proxy.connection() as connection:
        proxy.order("reset")
        connection.execute("SELECT 1")
