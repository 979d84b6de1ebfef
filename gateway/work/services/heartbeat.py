"""A worker process says that it lives."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db.models.functions import Now

from gateway.work.models import WorkerHeartbeat

_FORGOTTEN_AFTER = timedelta(days=1)


def heartbeat(*, name: str, queues: Sequence[str]) -> None:
    """Stamp this worker's row; rows of long dead workers are removed."""
    WorkerHeartbeat.objects.update_or_create(
        name=name, defaults={"queues": list(queues), "beat_at": Now()}, create_defaults={"queues": list(queues)}
    )
    WorkerHeartbeat.objects.filter(beat_at__lt=Now() - _FORGOTTEN_AFTER).delete()


def sign_off(name: str) -> None:
    """The worker stops on purpose."""
    WorkerHeartbeat.objects.filter(name=name).delete()
