"""However long the queues are, the next row is read from an index: nobody sorts the backlog."""

from typing import Any

import pytest
from django.db import connection

from gateway.work.services import claim, sweep

ALL = ["default", "payments", "refunds", "webhooks"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "parameters"),
    [(claim._NEXT_WAITING, [ALL]), (claim._NEXT_WAITING_OF_ONE, ["default"]), (sweep._DUE, [])],
    ids=["any queue", "one queue", "sweep"],
)
def test_no_sort_is_needed(query: str, parameters: list[Any]) -> None:
    with connection.cursor() as cursor:
        # Avoided wherever an index can give the order: what sorts nevertheless has none.
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN {query}", parameters)
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "Index Scan using work_" in plan
    assert "Sort" not in plan
