"""How the gateway is doing: the checks behind `/health`, `/health/ready` and `/health/live`.

`settings.HEALTH_CHECKS` names them: `{"database": {"check": dotted function, "critical": True}, ...}`. A check returns what it
wants to show and raises when something is wrong. Answers are public: they hold no address, no message of a driver.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.module_loading import import_string

from gateway.core import partitions
from gateway.core.ids import new_id
from gateway.work import selectors as work

log = logging.getLogger(__name__)

Status = Literal["ok", "degraded", "down"]
READINESS = ("database", "migrations")


class Unhealthy(Exception):
    """A check's verdict, in words that may be shown to anybody."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found. `critical` checks take the whole gateway down, others degrade it."""

    name: str
    healthy: bool
    critical: bool
    elapsed_ms: int
    detail: dict[str, Any] = field(default_factory=dict)

    def shown(self) -> dict[str, Any]:
        """As `/health` shows it."""
        status: Status = "ok" if self.healthy else "down" if self.critical else "degraded"
        return {"status": status, "elapsed_ms": self.elapsed_ms, **self.detail}


def run_checks(names: Iterable[str] | None = None) -> list[CheckResult]:
    """Run the named checks, or all."""
    wanted = list(settings.HEALTH_CHECKS) if names is None else list(names)
    return [_run(name) for name in wanted]


def overall(results: Iterable[CheckResult]) -> Status:
    """The worst of them."""
    failed = [result for result in results if not result.healthy]
    if not failed:
        return "ok"
    return "down" if any(result.critical for result in failed) else "degraded"


def _run(name: str) -> CheckResult:
    entry = settings.HEALTH_CHECKS[name]
    check: Callable[[], dict[str, Any] | None] = import_string(entry["check"])
    started = time.monotonic()
    healthy, detail = True, {}
    try:
        detail = check() or {}
    except Unhealthy as verdict:
        healthy, detail = False, {"error": str(verdict)}
    except Exception as error:  # whatever it is, the answer is that the check failed
        log.warning("health check %s failed", name, exc_info=error)
        healthy, detail = False, {"error": type(error).__name__}
    elapsed_ms = round((time.monotonic() - started) * 1000)
    return CheckResult(name, healthy, entry.get("critical", True), elapsed_ms, detail)


def check_database() -> None:
    """PostgreSQL answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


_migrated: dict[str, bool] = {}


def check_migrations() -> None:
    """Every migration of this release is applied. Asked until it is true; a running process never goes back."""
    database = str(connection.settings_dict["NAME"])
    if _migrated.get(database):
        return
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        message = f"{len(waiting)} migrations are not applied"
        raise Unhealthy(message)
    _migrated[database] = True


def check_partitions() -> None:
    """The partitions of this month and the next exist: without them nothing can be written."""
    missing = partitions.missing()
    if missing:
        message = f"partitions are missing: {', '.join(missing[:10])}"
        raise Unhealthy(message)


def check_cache() -> None:
    """The cache keeps what it is given."""
    key, value = "health", new_id().hex
    cache.set(f"{key}:{value}", value, 10)
    if cache.get(f"{key}:{value}") != value:
        message = "the cache forgets"
        raise Unhealthy(message)


def check_workers() -> dict[str, Any]:
    """A worker has reported within the last 15 seconds. What is due or quarantined is only counted: one poisoned row must
    not take the gateway out of service; `gateway_queue_quarantined` is what an alert should watch.
    """
    alive = work.workers_alive()
    if alive == 0:
        message = "no worker has reported"
        raise Unhealthy(message)
    status = work.queue_status(None)
    return {
        "alive": alive,
        "due": sum(queue["due"] for queue in status),
        "quarantined": sum(queue["quarantined"] for queue in status),
        "oldest_age_s": max((queue["oldest_age_s"] for queue in status), default=0.0),
    }
