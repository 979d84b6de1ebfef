"""Which errors of the database pass by themselves."""

from __future__ import annotations

import psycopg
import pytest
from django.db import DatabaseError, InterfaceError, InternalError, OperationalError, connection, transaction
from django.db.transaction import TransactionManagementError

from gateway.core.database_errors import is_passing, is_timeout


def raised(error: Exception, cause: BaseException | None) -> Exception:
    try:
        raise error from cause
    except Exception as made:
        return made


def of_server(sqlstate: str) -> DatabaseError:
    """The error with which PostgreSQL and Django answer, made by the server itself."""
    with pytest.raises(DatabaseError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{sqlstate}'; END $$")
    return caught.value


@pytest.mark.django_db
@pytest.mark.parametrize(
    "sqlstate",
    ["08006", "25P03", "25P04", "40001", "40P01", "53100", "53300", "55P03", "57014", "57P01", "57P03", "58030"],
)
def test_a_moment_of_the_server_passes_whatever_class_its_error_has(sqlstate: str) -> None:
    assert is_passing(of_server(sqlstate))


@pytest.mark.django_db
@pytest.mark.parametrize("sqlstate", ["22003", "23505", "23514", "25P02", "42P01", "54001", "55000", "P0001", "XX000"])
def test_a_fault_of_the_statement_does_not_pass(sqlstate: str) -> None:
    error = of_server(sqlstate)

    assert not is_passing(error)
    assert not is_timeout(error)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sqlstate", "expected"), [("57014", True), ("25P03", True), ("25P04", True), ("57P01", False)]
)
def test_a_limit_of_time_is_told_apart(sqlstate: str, expected: bool) -> None:
    assert is_timeout(of_server(sqlstate)) is expected


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError])
def test_a_broken_connection_has_no_state_and_passes(kind: type[Exception]) -> None:
    assert is_passing(raised(kind("the connection is closed"), psycopg.OperationalError("gone")))
    assert is_passing(kind("the connection is closed"))


def test_the_cause_counts_however_deep_it_is() -> None:
    broken = raised(OperationalError("gone"), psycopg.OperationalError("gone"))

    assert is_passing(raised(TransactionManagementError("the block is broken"), broken))
    assert is_passing(raised(ValueError("wrapped"), broken))


def test_anything_else_does_not_pass() -> None:
    for error in (ValueError("no"), DatabaseError("no"), InternalError("no"), TransactionManagementError("no")):
        assert not is_passing(error)
