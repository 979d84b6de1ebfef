"""The databases that the tests themselves stand on."""

import threading

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection, connections

from tests.support.database import TestDatabase

EXPECTED_SESSION = {
    "TimeZone": "UTC",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "1min",
    "transaction_timeout": "5min",
}


def test_tests_work_as_the_app_role_which_may_not_create(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == ("gateway_app", False, False)


def test_times_and_limits_of_a_session_are_set(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, current_setting(name) FROM unnest(%s::text[]) AS name", [list(EXPECTED_SESSION)])
        assert dict(cursor.fetchall()) == EXPECTED_SESSION


@pytest.mark.parametrize("_round", [1, 2])
def test_a_committed_database_is_fresh_each_time_and_seen_by_other_threads(
    committed_db: TestDatabase, _round: int
) -> None:
    ContentType.objects.create(app_label="probe", model="probe")
    seen = []

    def look() -> None:
        seen.append((ContentType.objects.filter(app_label="probe").count(), connection.settings_dict["NAME"]))
        connections.close_all()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [(1, committed_db.name)]


def test_a_rolled_back_test_leaves_nothing_for_the_next(db: None) -> None:
    assert not ContentType.objects.filter(app_label="probe").exists()
    ContentType.objects.create(app_label="probe", model="probe")
