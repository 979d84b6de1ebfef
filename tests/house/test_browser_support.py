"""What the tests' own browser helper promises to the tests that come after it."""

from __future__ import annotations

from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from tests.support.browser import running_chromium
from tests.support.database import Cluster


def test_no_database_connection_outlives_the_browser(
    cluster: Cluster, database_template: str, django_db_blocker: DjangoDbBlocker
) -> None:
    """Twice, because Django's connections inside Playwright's loop are the same ones for every browser of a process."""
    seen = []
    for _ in range(2):
        database = cluster.clone(database_template)
        with (
            django_db_blocker.unblock(),
            cluster.pointed_at(database),
            running_chromium(),
            connection.cursor() as cursor,
        ):
            cursor.execute("SELECT current_database()")
            seen.append(cursor.fetchone()[0] == database.name)
        cluster.drop(database)
    assert seen == [True, True]
