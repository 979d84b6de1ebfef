"""/health, /health/live, /health/ready and /metrics."""

import re
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.utils import timezone

from gateway.audit.models import Unsealed
from gateway.core import partitions
from gateway.core.ids import new_id
from gateway.observability import health
from gateway.observability.models import InvariantRun
from gateway.work.services.heartbeat import heartbeat
from payments.services.open_anomaly import open_anomaly
from tests.support.merchants import make_tenant


@pytest.fixture
def worker(db: None) -> None:
    heartbeat(name="worker-1", queues=["default"])


def test_live_needs_nobody(client: Client) -> None:
    assert client.get("/health/live").json() == {"status": "ok"}


def test_ready_asks_the_database_and_its_migrations(client: Client, db: None) -> None:
    answer = client.get("/health/ready")

    assert answer.status_code == 200
    assert set(answer.json()["checks"]) == {"database", "migrations"}


def test_health_shows_every_check(client: Client, worker: None) -> None:
    answer = client.get("/health")

    checks = answer.json()["checks"]
    assert answer.status_code == 200, checks
    assert set(checks) >= {"database", "migrations", "partitions", "workers", "broker", "cache"}
    assert checks["workers"]["alive"] == 1


def test_no_worker_is_a_failure(client: Client, db: None) -> None:
    answer = client.get("/health")

    assert answer.status_code == 503
    assert answer.json()["checks"]["workers"]["error"] == "no worker has reported"


def test_a_missing_partition_of_next_month_is_a_failure(
    client: Client, worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    then = datetime(timezone.now().year + 5, 1, 31, tzinfo=UTC)
    monkeypatch.setattr("gateway.observability.health.partitions.missing", lambda: _missing_in(then))

    answer = client.get("/health")

    assert answer.status_code == 503
    assert f"events_event_y{then.year}m02" in answer.json()["checks"]["partitions"]["error"]


_missing = partitions.missing


def _missing_in(moment: datetime) -> list[str]:
    return _missing(moment)


def test_a_dead_broker_degrades_and_is_no_failure(client: Client, worker: None) -> None:
    checks: dict[str, dict[str, Any]] = {
        "broker": {"check": "tests.observability.test_health.a_dead_broker", "critical": False},
        "database": {"check": "gateway.observability.health.check_database"},
    }
    with override_settings(HEALTH_CHECKS=checks):
        answer = client.get("/health")

    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert "secret.host" not in answer.text and answer.json()["checks"]["broker"]["error"] == "ConnectionError"


def a_dead_broker() -> None:
    raise ConnectionError("redis://user:pw@secret.host refused")


def test_the_worst_check_decides() -> None:
    good = health.CheckResult("a", healthy=True, critical=True, elapsed_ms=1)
    slow = health.CheckResult("b", healthy=False, critical=False, elapsed_ms=1)
    dead = health.CheckResult("c", healthy=False, critical=True, elapsed_ms=1)

    assert [health.overall(found) for found in ([good], [good, slow], [slow, dead])] == ["ok", "degraded", "down"]


def test_metrics_show_the_queues_and_the_counters(client: Client, worker: None) -> None:
    text = client.get("/metrics").text

    assert 'gateway_queue_due{queue="default"} 0.0' in text
    assert "gateway_work_doorbell_failures_total" in text


def test_alarms_are_shown_by_a_process_that_never_looked_itself(client: Client, db: None) -> None:
    name = import_module(settings.INVARIANTS[0]).NAME
    InvariantRun.objects.create(name=name, started_at=timezone.now(), violations=3)
    InvariantRun.objects.create(name="of.an.older.release", started_at=timezone.now(), violations=1)
    Unsealed.objects.create(entry_id=new_id(), queued_at=timezone.now() - timedelta(seconds=90))
    tenant = make_tenant()
    for _ in range(2):
        open_anomaly(
            tenant=tenant, kind="duplicate_charge", subject_type="payment", subject_id=new_id(), detail="", now=timezone.now()
        )  # fmt: skip

    text = client.get("/metrics").text

    assert f'gateway_invariant_violations{{invariant="{name}"}} 3.0' in text
    assert "of.an.older.release" not in text
    age = re.search(r"^gateway_audit_unsealed_age_seconds (\S+)$", text, re.MULTILINE)
    assert age is not None and float(age[1]) >= 90
    assert 'gateway_anomalies{kind="duplicate_charge"} 2.0' in text


def test_a_metrics_token_is_asked_for(client: Client, db: None) -> None:
    with override_settings(METRICS_TOKEN="t0ken"):
        assert client.get("/metrics").status_code == 401
        assert client.get("/metrics", headers={"Authorization": "Bearer t0ken"}).status_code == 200
