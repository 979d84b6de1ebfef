"""Ring the doorbell: tell the broker that rows are due. May fail at any time; the sweep makes that harmless."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from gateway.core import metrics

logger = logging.getLogger("gateway.work")

_MAX_RINGS = 200
_SILENCE_S = 2.0
_silent_until = 0.0


def ring(rows: Iterable[tuple[UUID, str]]) -> int:
    """Ring once per `(work id, queue)`; how many rang. Never raises.

    After a failure it stays silent for two seconds, so that a dead broker costs a request one short timeout at most.
    """
    global _silent_until
    rang = 0
    for work_id, queue in list(rows)[:_MAX_RINGS]:
        if time.monotonic() < _silent_until:
            metrics.WORK_DOORBELL_FAILURES.inc()
            continue
        try:
            import_string(settings.WORK_DOORBELL)(str(work_id), queue)
            rang += 1
        except Exception as error:  # whatever a broker's library raises: the row is safe in PostgreSQL
            _silent_until = time.monotonic() + _SILENCE_S
            metrics.WORK_DOORBELL_FAILURES.inc()
            logger.warning("doorbell_failed", extra={"error_type": type(error).__name__})
    return rang
