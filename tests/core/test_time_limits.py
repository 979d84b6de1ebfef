"""What reads whole tables gets more time than a request, although its session began with a request's limits."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from gateway.core.invariants import Violation, run_one
from gateway.core.time_limits import extend_time_limits

NAME, DESCRIPTION = "tests.slow", "Takes longer than a request may."
HERE = "tests.core.test_time_limits"


def violations() -> Iterator[Violation]:
    """A statement that outlasts the second of a hasty session."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(1.5)")
    yield from ()


@pytest.fixture
def hasty_session(committed_db: object) -> None:
    """A session whose statements and transactions may take a second."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '1s'")
        cursor.execute("SET transaction_timeout = '1s'")


def limits() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout'), current_setting('transaction_timeout')")
        found: tuple[str, str] = cursor.fetchone()
        return found


@pytest.mark.usefixtures("hasty_session")
def test_without_more_time_the_session_s_limit_holds() -> None:
    with pytest.raises(DatabaseError, match="timeout"), transaction.atomic():
        list(violations())


@pytest.mark.usefixtures("hasty_session")
def test_a_truth_may_take_longer_than_a_transaction_of_a_request_and_leaves_no_trace() -> None:
    assert run_one(HERE).violations == ()
    assert limits() == ("1s", "1s")


@pytest.mark.usefixtures("hasty_session")
def test_the_longer_limit_is_a_limit() -> None:
    with pytest.raises(DatabaseError, match="timeout"), transaction.atomic():
        extend_time_limits(seconds=2)
        with connection.cursor() as cursor:
            for _ in range(20):
                cursor.execute("SELECT pg_sleep(0.5)")


@pytest.mark.usefixtures("hasty_session")
def test_the_audit_log_is_read_without_limits() -> None:
    call_command("audit_verify", stdout=StringIO())
    assert limits() == ("0", "0")


def test_a_session_without_a_limit_for_transactions_gets_none(committed_db: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET transaction_timeout = 0")
    with transaction.atomic():
        extend_time_limits(seconds=2)
        assert limits() == ("2s", "0")
