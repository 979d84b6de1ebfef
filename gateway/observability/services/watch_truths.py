"""Look at every truth again and again while the gateway runs, so that what breaks one is known within a minute."""

from __future__ import annotations

from importlib import import_module

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from gateway.core.invariants import run_one
from gateway.observability.services.keep_result import keep_result

# A truth rests twenty times as long as its last run took, so that all of them together keep a twentieth of one core busy
# however large the tables are. Until a run takes 1.5 s that is every turn of beat.
_REST = 20
# Whoever stamps the row runs the truth: any number of workers may come here at once.
_STAMP = """
INSERT INTO observability_invariant_run AS known
    (name, description, started_at, elapsed_ms, violations, complete, details)
VALUES (%s, %s, %s, 0, 0, true, '[]')
ON CONFLICT (name) DO UPDATE SET started_at = excluded.started_at
WHERE known.started_at <= excluded.started_at - make_interval(secs => greatest(15, known.elapsed_ms * %s / 1000.0))
"""


def watch_truths() -> list[str]:
    """Run every truth that has rested long enough; the names of those that were run."""
    ran = []
    for path in settings.INVARIANTS:
        module = import_module(path)
        started_at = timezone.now()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_STAMP, [module.NAME, module.DESCRIPTION, started_at, _REST])
            is_ours = bool(cursor.rowcount)
        if is_ours:
            keep_result(result=run_one(path), started_at=started_at)
            ran.append(module.NAME)
    return ran
