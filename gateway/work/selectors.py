"""How the queues are doing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, TypedDict

from django.db.models import Count, F, Min, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from gateway.core.tenancy import Tenant
from gateway.work import states
from gateway.work.models import Work, WorkerHeartbeat
from gateway.work.rules import queues, timer_kinds

_ALIVE_FOR = timedelta(seconds=15)


class QueueStatus(TypedDict):
    """One queue. `oldest_age_s` is how long the row that has been due longest waits; 0 when none is due."""

    queue: str
    due: int
    running: int
    retrying: int
    quarantined: int
    oldest_age_s: float
    workers_alive: int


def queue_status(tenant: Tenant | None) -> list[QueueStatus]:
    """Every queue, counting only this merchant's work in this mode, or (None) everybody's."""
    rows: QuerySet[Work] = Work.objects.all()
    if tenant is not None:
        rows = rows.filter(merchant_id=tenant.merchant_id, livemode=tenant.livemode)
    is_due = Q(state=states.WAITING, run_at__lte=Now()) | Q(state=states.RUNNING, lease_until__lt=Now())
    counted: dict[str, dict[str, Any]] = {
        row["queue"]: dict(row)
        for row in rows.values("queue").annotate(
            due=Count("id", filter=is_due),
            running=Count("id", filter=Q(state=states.RUNNING, lease_until__gte=Now())),
            retrying=Count("id", filter=Q(state=states.WAITING, run_at__gt=Now(), attempts__gt=0)),
            quarantined=Count("id", filter=Q(state=states.QUARANTINED)),
            oldest=Min("run_at", filter=is_due),
        )
    }
    alive = WorkerHeartbeat.objects.filter(beat_at__gt=Now() - _ALIVE_FOR).values_list("queues", flat=True)
    served = [name for names in alive for name in names]
    now = timezone.now()
    return [
        QueueStatus(
            queue=queue,
            due=row.get("due", 0),
            running=row.get("running", 0),
            retrying=row.get("retrying", 0),
            quarantined=row.get("quarantined", 0),
            oldest_age_s=round(max((now - row["oldest"]).total_seconds(), 0.0), 3) if row.get("oldest") else 0.0,
            workers_alive=served.count(queue),
        )
        for queue, row in ((queue, counted.get(queue, {})) for queue in sorted({*queues(), *counted}))
    ]


def due_by(queue: str, at: datetime, *, limit: int = 1000) -> int:
    """How many rows of this queue wait and are due by then, counted up to `limit`."""
    return Work.objects.filter(queue=queue, state=states.WAITING, run_at__lte=at)[:limit].count()


def workers_alive() -> int:
    """How many worker processes have reported within the last 15 seconds."""
    return WorkerHeartbeat.objects.filter(beat_at__gt=Now() - _ALIVE_FOR).count()


def is_quiet() -> bool:
    """No row due, leased or waiting, except business timers before their date. (Quarantined rows wait for a person.)"""
    active = Work.objects.exclude(state=states.QUARANTINED)
    return not active.exclude(kind__in=timer_kinds(), state=states.WAITING, run_at__gt=Now()).exists()


def quarantined(tenant: Tenant | None) -> QuerySet[Work]:
    """The rows that wait for a person, oldest first."""
    rows = Work.objects.filter(state=states.QUARANTINED).order_by(F("id"))
    return rows if tenant is None else rows.filter(merchant_id=tenant.merchant_id, livemode=tenant.livemode)
