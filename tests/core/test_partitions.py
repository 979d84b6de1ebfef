"""Monthly partitions on the UUIDv7, append-only tables, and the owner's function that keeps them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, ProgrammingError, connection, connections
from django.db.backends.postgresql.base import DatabaseWrapper

from gateway.core import partitions
from gateway.core.ids import id_time, lowest_id_at, new_id
from tests.support.database import TestDatabase

pytestmark = pytest.mark.usefixtures("demo_tables")


@pytest.fixture
def demo_tables(committed_db: TestDatabase) -> Iterator[None]:
    """A partitioned append-only table, made the way a migration makes one, and a parent that stays changeable."""
    with connections["owner"].schema_editor() as editor:
        for table, append_only in (("demo_fact", True), ("demo_state", False)):
            editor.execute(f"CREATE TABLE {table} (id uuid PRIMARY KEY, note text NOT NULL) PARTITION BY RANGE (id)")
            operation = partitions.EnsurePartitions(table, retention_months=3, append_only=append_only)
            operation.database_forwards("core", editor, None, None)  # type: ignore[arg-type]
    yield


def execute(statement: str, *parameters: Any, using: str = "default") -> None:
    database: DatabaseWrapper = connections[using]  # type: ignore[assignment]
    with database.cursor() as cursor:
        cursor.execute(statement, parameters)


def children(table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass ORDER BY 1", [table]
        )
        return [row[0] for row in cursor.fetchall()]


def month_name(table: str, months: int) -> str:
    now = datetime.now(UTC)
    index = now.year * 12 + now.month - 1 + months
    return f"{table}_y{index // 12:04d}m{index % 12 + 1:02d}"


def test_partitions_reach_from_three_months_back_to_three_ahead_and_there_is_no_default() -> None:
    assert children("demo_fact") == [month_name("demo_fact", step) for step in range(-3, 4)]
    with pytest.raises(IntegrityError):
        execute("INSERT INTO demo_fact VALUES (%s, 'x')", lowest_id_at(datetime.now(UTC) + timedelta(days=150)))


def test_the_databases_bounds_are_the_ids_that_python_makes() -> None:
    moment = datetime(2026, 12, 1, tzinfo=UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT core_lowest_id_at(%s)", [moment])
        assert cursor.fetchone() == (lowest_id_at(moment),)


def test_a_row_lands_in_the_partition_of_its_ids_month() -> None:
    row_id = new_id()
    execute("INSERT INTO demo_fact VALUES (%s, 'x')", row_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM demo_fact WHERE id = %s", [row_id])
        assert cursor.fetchone() == (month_name("demo_fact", 0),)


@pytest.mark.parametrize("verb", ["UPDATE {} SET note = 'y'", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.parametrize("direct", [False, True])
def test_an_append_only_table_refuses_change_by_trigger_and_by_missing_grants(verb: str, direct: bool) -> None:
    execute("INSERT INTO demo_fact VALUES (%s, 'x')", new_id())
    table = month_name("demo_fact", 0) if direct else "demo_fact"
    with pytest.raises(ProgrammingError, match="permission denied"):
        execute(verb.format(table))
    with pytest.raises(IntegrityError, match="append-only"):
        execute(verb.format(table), using="owner")


def test_the_app_may_not_write_into_a_partition_past_its_parent() -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        execute(f"INSERT INTO {month_name('demo_state', 0)} VALUES (%s, 'x')", new_id())


def test_a_changeable_partitioned_table_can_be_updated_and_deleted_from() -> None:
    execute("INSERT INTO demo_state VALUES (%s, 'x')", new_id())
    execute("UPDATE demo_state SET note = 'y'")
    execute("DELETE FROM demo_state")


def test_maintenance_makes_again_what_is_missing_with_its_guards_and_the_app_may_call_it() -> None:
    gone = month_name("demo_fact", 1)
    execute(f"DROP TABLE {gone}", using="owner")
    assert partitions.missing() == [gone]
    assert partitions.maintain() == [partitions.PartitionChange("created", gone)]
    assert partitions.missing() == []
    assert partitions.maintain() == []
    with pytest.raises(IntegrityError, match="append-only"):
        execute(f"TRUNCATE {gone}", using="owner")


def test_what_is_older_than_the_retention_is_retired_and_nothing_younger_can_be_dropped() -> None:
    old = "demo_fact_y2020m01"
    execute(
        f"CREATE TABLE {old} PARTITION OF demo_fact FOR VALUES FROM (core_lowest_id_at('2020-01-01Z')) "
        "TO (core_lowest_id_at('2020-02-01Z'))",
        using="owner",
    )
    with pytest.raises(IntegrityError, match="younger than the retention"):
        partitions.drop(month_name("demo_fact", -3))
    with pytest.raises(ProgrammingError, match="not a partition"):
        partitions.drop("core_datakey")
    assert partitions.maintain() == [partitions.PartitionChange("dropped", old)]
    assert month_name("demo_fact", -3) in children("demo_fact")


def test_the_app_may_neither_shorten_a_retention_nor_drop_a_partition_itself() -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        execute("UPDATE core_partitioned_table SET retention_months = 3")
    with pytest.raises(ProgrammingError, match="must be owner"):
        execute(f"DROP TABLE {month_name('demo_fact', -3)}")


def test_a_table_shadowed_in_a_temporary_schema_does_not_fool_the_owners_function() -> None:
    execute("CREATE TEMP TABLE core_partitioned_table (table_name text, retention_months int, append_only bool)")
    execute("INSERT INTO pg_temp.core_partitioned_table VALUES ('core_datakey', 3, false)")
    assert partitions.maintain() == []


def test_a_parent_row_bounds_its_childrens_ids_an_hour_below() -> None:
    parent = new_id()
    assert id_time(partitions.prune_floor(parent)) == id_time(parent) - timedelta(hours=1)


def test_the_command_tells_what_it_did_and_fails_while_something_is_missing() -> None:
    gone = month_name("demo_state", 1)
    execute(f"DROP TABLE {gone}", using="owner")
    with pytest.raises(CommandError, match=gone):
        call_command("partitions", "--check")
    out = StringIO()
    call_command("partitions", stdout=out)
    assert f"created {gone}" in out.getvalue()
