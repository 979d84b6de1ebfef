"""Fixtures that every test may use. `tests/support/database.py` explains the databases."""

import os
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, NoReturn

import hypothesis
import pytest
from django.conf import settings
from django.core.cache import cache
from pytest_django.lazy_django import skip_if_no_django
from pytest_django.live_server_helper import LiveServer
from pytest_django.plugin import DjangoDbBlocker

from tests.support.bank import BankAccount, BankService, running_bank
from tests.support.database import Cluster, TestDatabase

NO_FLUSH = (
    "Tests never flush (append-only tables refuse it). Use the fixture `committed_db`: a fresh clone, real commits."
)

LOOPBACK = {None, "", "localhost", "127.0.0.1", "::1"}

# How long hypothesis looks: `default` in `make test`, always the same examples; `nightly` for `make properties`, new ones.
_COMMON = hypothesis.settings(
    deadline=None,
    print_blob=True,
    suppress_health_check=[
        hypothesis.HealthCheck.too_slow,
        hypothesis.HealthCheck.data_too_large,
        hypothesis.HealthCheck.filter_too_much,
    ],
)
hypothesis.settings.register_profile("default", _COMMON, max_examples=60, derandomize=True, database=None)
hypothesis.settings.register_profile("nightly", _COMMON, max_examples=2000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(scope="session", autouse=True)
def no_strange_names() -> Iterator[None]:
    """Only this machine has a name: a test never waits for a resolver, and never reaches a stranger's machine."""
    resolve = socket.getaddrinfo

    def resolve_loopback(host: Any, *arguments: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name in LOOPBACK:
            return resolve(host, *arguments, **options)
        raise socket.gaierror(socket.EAI_NONAME, f"tests resolve no name but this machine's: {name}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", resolve_loopback)
        yield


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The embedded PostgreSQL and Valkey of the tests, started when they do not run."""
    return Cluster(settings.TEST_VAR)


@pytest.fixture(scope="session")
def database_template(
    cluster: Cluster, django_test_environment: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[str]:
    """The name of the migrated template database."""
    with django_db_blocker.unblock():
        yield cluster.template()


@pytest.fixture(scope="session")
def django_db_setup(cluster: Cluster, database_template: str, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """One clone of the template for this worker; the fixture `db` rolls every test back in it."""
    skip_if_no_django()
    with django_db_blocker.unblock():
        database = cluster.clone(database_template)
        with cluster.pointed_at(database):
            yield
        cluster.drop(database)


@pytest.fixture
def committed_db(
    request: pytest.FixtureRequest, cluster: Cluster, database_template: str, django_db_blocker: DjangoDbBlocker
) -> Iterator[TestDatabase]:
    """A database of this test's own, with real commits: for threads, worker processes, servers and `on_commit`.

    `.url` and `.owner_url` are its addresses, `.environment()` is what a subprocess needs to work on it.
    """
    if "db" in request.fixturenames or request.node.get_closest_marker("django_db"):
        pytest.fail("`committed_db` replaces `db` and the django_db marker; use one of them.")
    database = cluster.clone(database_template)
    with django_db_blocker.unblock(), cluster.pointed_at(database):
        yield database
    cluster.drop(database)


@pytest.fixture
def committed_server(committed_db: TestDatabase) -> Iterator[LiveServer]:
    """The site in a thread on a free port (`.url`), over a database with real commits."""
    server = LiveServer("127.0.0.1")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def bank_service(cluster: Cluster) -> Iterator[BankService]:
    """The simulated bank under gunicorn on a free port, one for the session. Who stops it starts it again."""
    with running_bank(cluster) as service:
        yield service


@pytest.fixture
def bank_account(bank_service: BankService) -> BankAccount:
    """An account of this test's own at the bank: an empty journal, no faults, no webhook address yet."""
    return bank_service.new_account()


@pytest.fixture
def transactional_db() -> NoReturn:
    """Refused, and `live_server` with it."""
    pytest.fail(NO_FLUSH)


@pytest.fixture(autouse=True)
def empty_cache(cluster: Cluster) -> None:
    """Every test starts with an empty cache: the embedded Valkey, or local memory where there is none."""
    if settings.CACHES["default"]["BACKEND"].endswith("RedisCache"):
        redis: Any = cache._cache.get_client(write=True)  # type: ignore[attr-defined]
        keys = list(redis.scan_iter(match=f"{settings.CACHES['default']['KEY_PREFIX']}*", count=1000))
        if keys:
            redis.delete(*keys)
    else:
        cache.clear()


@pytest.fixture
def one_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rate limits count in one window, however long the test takes: their clock stands at the window's start."""
    start = time.time() // 3600 * 3600
    monkeypatch.setattr("gateway.api.ratelimit.time", SimpleNamespace(time=lambda: start, monotonic=time.monotonic))


def pytest_configure() -> None:
    """The workers take over the month in which their controller began: all of them want one template, for the whole run."""
    os.environ.setdefault("TEST_MONTH", datetime.now(UTC).strftime("%Y-%m"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fail clearly, before anything runs, where a test asks for Django's flush."""
    for item in items:
        marker = item.get_closest_marker("django_db")
        fixtures = getattr(item, "fixturenames", ())
        if (marker and marker.kwargs.get("transaction")) or "live_server" in fixtures:
            raise pytest.UsageError(f"{item.nodeid}: {NO_FLUSH}")
