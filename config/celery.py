"""Celery: the doorbell's queues, and the beat table. The work itself lives in PostgreSQL (`gateway.work`)."""

import os
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import setup_logging
from django.conf import settings
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

app = Celery("gateway")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.set_default()  # without it `.delay()` in a thread that never saw this app goes to amqp://localhost

QUEUES = ("payments", "refunds", "webhooks", "default")


def beat_schedule() -> dict[str, dict[str, Any]]:
    """The sweep, and what `settings.PERIODIC` names, in django-celery-beat's words: at its start beat writes it into its tables.

    Any number of beats may run: all of it is claimed once. A beat that cannot read its tables is no loss: workers run by
    themselves what nobody rang for.
    """
    table: dict[str, dict[str, Any]] = {
        "work.sweep": {"task": "work.sweep", "schedule": 2.0, "options": {"expire_seconds": 4}}
    }
    for name, entry in settings.PERIODIC.items():
        every_s = float(entry["every_s"])
        options = {"queue": "default", "expire_seconds": int(max(every_s, 30))}
        schedule: float | crontab = every_s
        if "at" in entry:
            hour, _, minute = entry["at"].partition(":")
            schedule = crontab(hour=hour, minute=minute)
        table[name] = {"task": "work.periodic", "schedule": schedule, "args": [name], "options": options}
    return table


app.conf.update(
    task_default_queue="default",
    task_queues=[Queue(name) for name in QUEUES],
    task_ignore_result=True,
    task_store_eager_result=False,
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    task_publish_retry=False,
    broker_connection_timeout=1,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    beat_scheduler="django_celery_beat.schedulers:DatabaseScheduler",
    beat_schedule=beat_schedule(),
    beat_max_loop_interval=1,
    timezone="UTC",
)
app.autodiscover_tasks()


def ring(work_id: str, queue: str) -> None:
    """Tell a worker that a row of work is due. The message carries its id, expires, and is never needed."""
    app.send_task("work.run", args=[work_id, queue], queue=queue, expires=60, ignore_result=True)


@setup_logging.connect
def _keep_our_logs(**_: Any) -> None:
    """A receiver is enough: Celery adds no handlers of its own, and its lines pass the redaction of `settings.LOGGING`."""


def check_broker() -> None:
    """For `/health`: raises when the broker does not answer at once."""
    with app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=1)
