"""More time than a request has, for what reads whole tables."""

from __future__ import annotations

from django.db import connection
from django.db.backends.utils import CursorWrapper


def extend_time_limits(*, seconds: int, whole_session: bool = False) -> None:
    """Give the statements and transactions that follow so long (0: no limit), until the present transaction or session ends.

    PostgreSQL 17 starts the timer of a transaction only where none runs: a longer limit alone would change nothing, so the
    running one is switched off first. Earlier ones know no such limit, and a session that has none gets none.
    """
    with connection.cursor() as cursor:
        _set(cursor, "statement_timeout", f"{seconds}s", is_local=not whole_session)
        cursor.execute("SELECT coalesce(current_setting('transaction_timeout', true), '0')")
        if cursor.fetchone() != ("0",):
            for limit in ("0", f"{seconds}s"):
                _set(cursor, "transaction_timeout", limit, is_local=not whole_session)


def _set(cursor: CursorWrapper, name: str, limit: str, *, is_local: bool) -> None:
    cursor.execute("SELECT set_config(%s, %s, %s)", [name, limit, is_local])
