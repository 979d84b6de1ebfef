"""The Celery side of the doorbell: three tasks, and the threads that a worker process runs beside them.

Workers use `--pool=threads`: the work waits for HTTP answers, so threads of one process run it side by side, share one
connection pool, and one heartbeat and one set of pollers speak for all of them. Nothing is ever lost with a process:
rows whose lease runs out are claimed by another.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import shared_task
from celery.signals import worker_init, worker_shutdown, worker_shutting_down
from django.core.exceptions import ImproperlyConfigured

from gateway.work.services.claim import claim, claim_next
from gateway.work.services.poll import Poller
from gateway.work.services.run import run as run_claim
from gateway.work.services.run_periodic import run_periodic
from gateway.work.services.sweep import sweep as sweep_due

# One ring wakes a worker for this many rows at most, so that a long queue does not starve the others' bells.
_ROWS_PER_RING = 50

_poller: Poller | None = None


@shared_task(name="work.run")
def run(work_id: str, queue: str) -> None:
    """Run the row that was rung for if it is still due, then go on while rows of its queue are due."""
    taken = claim(UUID(work_id))
    if taken is None:
        return
    for _ in range(_ROWS_PER_RING):
        run_claim(taken)
        following = claim_next(queue)
        if following is None:
            return
        taken = following
    run_claim(taken)


@shared_task(name="work.sweep")
def sweep() -> None:
    """Ring for everything that is due."""
    sweep_due()


@shared_task(name="work.periodic")
def periodic(name: str) -> None:
    """Run the periodic job of this name when it is due."""
    run_periodic(name)


@worker_init.connect
def start_poller(sender: Any, **kwargs: Any) -> None:
    """Start polling before the broker is connected: work goes on without one."""
    global _poller
    pool = sender.pool_cls if isinstance(sender.pool_cls, str) else sender.pool_cls.__module__
    if not pool.endswith(("thread", "threads", "solo")):
        message = "Run workers with --pool=threads: pollers and their connections must not be forked."
        raise ImproperlyConfigured(message)
    queues = sorted(sender.app.amqp.queues.consume_from) if sender.app.amqp.queues.consume_from else None
    _poller = Poller(queues)
    _poller.start()


@worker_shutting_down.connect
def stop_claiming(**kwargs: Any) -> None:
    """Warm shutdown begins: let the pollers finish what they hold."""
    if _poller is not None:
        _poller.halt()


@worker_shutdown.connect
def stop_poller(**kwargs: Any) -> None:
    """Wait for the pollers and sign off."""
    if _poller is not None:
        _poller.stop()
