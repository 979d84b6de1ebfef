"""Run a periodic job if it is due: whoever stamps its row runs it, so beats and workers may all ask."""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

from gateway.core import context

logger = logging.getLogger("gateway.work")

_STAMP = """
INSERT INTO work_periodic (name, started_at) VALUES (%s, statement_timestamp())
ON CONFLICT (name) DO UPDATE SET started_at = excluded.started_at
WHERE work_periodic.started_at <= statement_timestamp() - make_interval(secs => %s)
RETURNING started_at
"""
# So far back that `run_overdue` finds it a minute from now; what runs more often than that waits for its next turn.
_TAKE_BACK = """
UPDATE work_periodic SET started_at = started_at - make_interval(secs => greatest(%s - 60, 0))
WHERE name = %s AND started_at = %s
"""
# Beats are never exactly on time: a little early counts as due. What has an hour of its own is due at that hour, however
# late it ran the last time: there it is only several beats that have to be told apart.
_PUNCTUALITY, _PUNCTUALITY_AT = 0.9, 0.04
_OVERDUE = 2.0


def run_periodic(name: str, *, overdue_factor: float | None = None) -> bool:
    """Run `settings.PERIODIC[name]` unless it started just now (within its interval times `overdue_factor`); whether it ran.

    Raises what the job raises; it is tried again in a minute then. The job may still be running elsewhere from an earlier
    turn: each is written for that.
    """
    entry = settings.PERIODIC[name]
    if overdue_factor is None:
        overdue_factor = _PUNCTUALITY_AT if "at" in entry else _PUNCTUALITY
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_STAMP, [name, float(entry["every_s"]) * overdue_factor])
        stamped = cursor.fetchone()
    if stamped is None:
        return False
    try:
        with context.bound(actor=context.Actor("system", name)):
            import_string(entry["handler"])()
    except Exception:
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute(_TAKE_BACK, [float(entry["every_s"]) * _OVERDUE, name, stamped[0]])
        raise
    return True


def run_overdue() -> list[str]:
    """Run every job that nobody rang for in twice its interval (beat or broker down); the names of those that ran."""
    ran = []
    for name in settings.PERIODIC:
        try:
            if run_periodic(name, overdue_factor=_OVERDUE):
                ran.append(name)
        except Exception:
            logger.exception("periodic_failed", extra={"periodic": name})
    return ran
