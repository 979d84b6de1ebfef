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
"""
# Beats are never exactly on time: a little early counts as due.
_PUNCTUALITY = 0.9


def run_periodic(name: str, *, overdue_factor: float = _PUNCTUALITY) -> bool:
    """Run `settings.PERIODIC[name]` unless it started within its interval times `overdue_factor`; whether it ran.

    Raises what the job raises. The job may still be running elsewhere from an earlier turn: each is written for that.
    """
    entry = settings.PERIODIC[name]
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_STAMP, [name, float(entry["every_s"]) * overdue_factor])
        if not cursor.rowcount:
            return False
    with context.bound(actor=context.Actor("system", name)):
        import_string(entry["handler"])()
    return True


def run_overdue() -> list[str]:
    """Run every job that nobody rang for in twice its interval (beat or broker down); the names of those that ran."""
    ran = []
    for name in settings.PERIODIC:
        try:
            if run_periodic(name, overdue_factor=2.0):
                ran.append(name)
        except Exception:
            logger.exception("periodic_failed", extra={"periodic": name})
    return ran
