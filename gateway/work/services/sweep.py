"""Ring for everything that is due: what makes a lost message harmless."""

from __future__ import annotations

from django.db import connection

from gateway.work.services.ring import ring

# Rows enqueued within the last second have been rung for already.
_DUE = """
(SELECT id, queue FROM work_work WHERE state = 'running' AND lease_until < statement_timestamp()
 ORDER BY lease_until LIMIT 200)
UNION ALL
(SELECT id, queue FROM work_work WHERE state = 'waiting' AND run_at <= statement_timestamp() - interval '1 second'
 ORDER BY run_at LIMIT 200)
"""
_MOST_RINGS = 200


def sweep() -> int:
    """Ring for rows that are due and for leases that ran out, the oldest first; how many rang.

    Any number of sweepers may run at once. A sweep rings at most 200 times: a worker that is woken goes on by itself
    until nothing is due, so a bell is needed only to wake it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DUE)
        rows = [(row[0], row[1]) for row in cursor.fetchall()]
    return ring(rows[:_MOST_RINGS])
