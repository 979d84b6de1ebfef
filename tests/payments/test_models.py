"""The tables themselves: partitioned where the design says so, and guarded by the database."""

from django.db import connection


def test_payments_and_operations_are_partitioned_by_month(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'p' AND relname LIKE 'payments_%' ORDER BY relname"
        )
        partitioned = [row[0] for row in cursor.fetchall() if not row[0].endswith("_pkey")]
    assert partitioned == ["payments_operation", "payments_payment"]
