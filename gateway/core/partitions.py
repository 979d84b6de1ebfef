"""Tables partitioned by month on their UUIDv7, append-only tables, and the migration operations that make them.

The database does the work: `core_maintain_partitions()` (migration 0001) is the owner's function that makes, guards and
retires partitions; here is what migrations, beat, `manage.py partitions` and `/health` call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.utils import timezone

from gateway.core.ids import id_time, lowest_id_at


@dataclass(frozen=True, slots=True)
class PartitionChange:
    """What maintenance did: `action` is `created` or `dropped`."""

    action: str
    partition: str


def maintain() -> list[PartitionChange]:
    """Make what is missing from 3 months back to 3 ahead and drop what is older than its table's retention.

    Any number of processes may call it at once. Works with the app's role: the function is the owner's.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT action, partition_name FROM core_maintain_partitions()")
        return [PartitionChange(*row) for row in cursor.fetchall()]


def drop(partition: str) -> None:
    """Drop one partition. The database refuses (IntegrityError) while any of its rows may be inside the retention."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT action FROM core_maintain_partitions(%s)", [partition])


def missing(now: datetime | None = None) -> list[str]:
    """Partitions of this month and the next that do not exist: inserts fail, or will. `/health` fails on any."""
    this_month = (now or timezone.now()).replace(day=1)
    months = [this_month, (this_month + timedelta(days=32)).replace(day=1)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM core_partitioned_table ORDER BY table_name")
        wanted = [f"{row[0]}_y{month:%Y}m{month:%m}" for row in cursor.fetchall() for month in months]
        cursor.execute(
            "SELECT name FROM unnest(%s::text[]) AS name WHERE to_regclass('public.' || name) IS NULL", [wanted]
        )
        return [row[0] for row in cursor.fetchall()]


def prune_floor(parent_id: UUID) -> UUID:
    """The lower bound for ids of this parent's children: the parent's id time less an hour, so that a query prunes."""
    return lowest_id_at(id_time(parent_id) - timedelta(hours=1))


class CreatePartitionedModel(migrations.CreateModel):
    """`CreateModel` for a table partitioned by range of its `id`. `EnsurePartitions` must follow in the same migration."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        editor: Any = schema_editor
        plain = editor.sql_create_table
        editor.sql_create_table = plain + " PARTITION BY RANGE (id)"
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        finally:
            editor.sql_create_table = plain


class _TableOperation(Operation):
    """An operation that concerns one table's guard and leaves Django's idea of the models alone."""

    reduces_to_sql = True
    reversible = True

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Nothing: the models stay as they are."""

    def describe(self) -> str:
        return f"{type(self).__name__} of {self._constructor_args[0] or self._constructor_args[1]}"  # type: ignore[attr-defined]


class EnsurePartitions(_TableOperation):
    """Register a partitioned table and make its partitions, with their triggers and grants.

    `retention_months=None` keeps everything for ever; `append_only` refuses UPDATE, DELETE and TRUNCATE.
    """

    def __init__(self, table: str, *, retention_months: int | None, append_only: bool) -> None:
        self.table, self.retention_months, self.append_only = table, retention_months, append_only

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        _flush_deferred(schema_editor)  # indexes and foreign keys first, so that partitions are born with them
        schema_editor.execute(
            "INSERT INTO core_partitioned_table VALUES (%s, %s, %s)",
            [self.table, self.retention_months, self.append_only],
        )
        if self.append_only:
            schema_editor.execute("SELECT core_make_append_only(%s::regclass, true)", [self.table])
        schema_editor.execute("SELECT core_maintain_partitions()", [])

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        schema_editor.execute("DELETE FROM core_partitioned_table WHERE table_name = %s", [self.table])


class AppendOnly(_TableOperation):
    """Refuse UPDATE, DELETE and TRUNCATE of an unpartitioned table: by trigger for everyone, by missing grants for the app."""

    def __init__(self, table: str) -> None:
        self.table = table

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        schema_editor.execute("SELECT core_make_append_only(%s::regclass, true)", [self.table])

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        quoted = schema_editor.quote_name(self.table)
        for trigger in ("append_only_rows", "append_only_truncate"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {trigger} ON {quoted}")


def _flush_deferred(schema_editor: BaseDatabaseSchemaEditor) -> None:
    deferred: Sequence[Any] = tuple(schema_editor.deferred_sql)
    schema_editor.deferred_sql.clear()
    for statement in deferred:
        schema_editor.execute(statement, None)
