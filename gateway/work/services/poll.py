"""The threads of a worker process that need no broker: pollers, the heartbeat, and overdue periodic jobs."""

from __future__ import annotations

import logging
import os
import random
import socket
import threading
import time
from collections.abc import Callable, Sequence

from django.conf import settings
from django.db import close_old_connections, connections

from gateway.work.rules import queues as all_queues
from gateway.work.services.claim import claim_next
from gateway.work.services.heartbeat import heartbeat, sign_off
from gateway.work.services.run import run
from gateway.work.services.run_periodic import run_overdue

logger = logging.getLogger("gateway.work")

_IDLE_S = 1.0
_AFTER_ERROR_S = 2.0
_HEARTBEAT_S = 5.0


class Poller:
    """Keeps one process working while nobody rings. `start()` returns at once; `stop()` waits for runs under way."""

    def __init__(self, queues: Sequence[str] | None = None, *, threads: int | None = None) -> None:
        self.queues = list(queues) if queues else all_queues()
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        count = settings.WORK_POLL_THREADS if threads is None else threads
        self._stopping = threading.Event()
        self._threads = [self._thread(f"work-poll-{number}", self._poll, _IDLE_S) for number in range(count)]
        self._threads.append(self._thread("work-heartbeat", self._beat, _HEARTBEAT_S))
        self._threads.append(self._thread("work-periodic", self._periodic, _IDLE_S))

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def halt(self) -> None:
        """Claim nothing more; returns at once."""
        self._stopping.set()

    def stop(self, timeout_s: float = 20.0) -> None:
        """Let runs under way end, then sign off. What does not end in time is taken over when its lease runs out."""
        self.halt()
        deadline = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(deadline - time.monotonic(), 0))
        try:
            sign_off(self.name)
        except Exception:
            logger.warning("sign_off_failed", exc_info=True)
        finally:
            connections.close_all()

    def _poll(self) -> None:
        while not self._stopping.is_set():
            claim = claim_next(self.queues)
            if claim is None:
                return
            run(claim)

    def _beat(self) -> None:
        heartbeat(name=self.name, queues=self.queues)

    def _periodic(self) -> None:
        run_overdue()

    def _thread(self, name: str, step: Callable[[], None], idle_s: float) -> threading.Thread:
        return threading.Thread(target=self._loop, args=(step, idle_s), name=name, daemon=True)

    def _loop(self, step: Callable[[], None], idle_s: float) -> None:
        """Repeat the step until told to stop; whatever fails (a restarted database) is logged and tried again."""
        while not self._stopping.is_set():
            pause = idle_s * random.uniform(0.7, 1.0)  # noqa: S311  (so that many workers do not ask in step)
            close_old_connections()
            try:
                step()
            except Exception:
                logger.warning("worker_thread_failed", extra={"thread": threading.current_thread().name}, exc_info=True)
                pause = _AFTER_ERROR_S
            finally:
                close_old_connections()
            self._stopping.wait(pause)
        connections.close_all()
