"""A checkpoint equals the sum of the entries it covers, recomputed from entries alone."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from gateway.core.invariants import Violation

NAME = "ledger.true_checkpoints"
DESCRIPTION = "Every checkpoint equals the sum of the entries that it covers."


def violations() -> Iterator[Violation]:
    """Checkpoints that tell another balance than their entries."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.id, c.debits_less_credits, s.total FROM ledger_checkpoint c CROSS JOIN LATERAL ("
            " SELECT coalesce(sum(CASE direction WHEN 'debit' THEN amount ELSE -amount END), 0) AS total"
            " FROM ledger_entry WHERE account_id = c.account_id AND id < c.through_id) s"
            " WHERE c.debits_less_credits <> s.total"
        )
        for checkpoint_id, told, counted in cursor.fetchall():
            yield Violation(str(checkpoint_id), f"says {told}, the entries say {counted}")
