"""What an error of the database means: this moment's fault, which another try outlasts, or the statement's own.

By SQLSTATE, since the classes do not say it: a session that idled too long in a transaction is an `InternalError`, a
statement that is too complex an `OperationalError`. Without one the connection itself broke, or was never made.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import DatabaseError, InterfaceError, OperationalError

# The three limits of time: statement (or a cancel), idle in a transaction, transaction.
_TIMED_OUT = ("57014", "25P03", "25P04")
# Lost connection; serialization failure, deadlock; full disk, memory or connections; lock timeout; shutting down or
# starting; the server's own files.
_PASSING = ("08", "40001", "40P01", "53", "55P03", "57P", "58030", *_TIMED_OUT)


def is_passing(error: BaseException) -> bool:
    """Whether the database's moment is at fault, so that the same may succeed later; it may also have been carried out."""
    return any(
        state.startswith(_PASSING) if state else isinstance(found, OperationalError | InterfaceError)
        for found, state in _found(error)
    )


def is_timeout(error: BaseException) -> bool:
    """Whether it is passing because a limit of time cut it off: what always does that is not the moment's fault."""
    return any(state.startswith(_TIMED_OUT) for _, state in _found(error))


def _found(error: BaseException) -> Iterator[tuple[Exception, str]]:
    """Django's errors among the causes, with the driver's SQLSTATE or an empty text."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, DatabaseError | InterfaceError):
            yield cause, str(getattr(cause.__cause__, "sqlstate", None) or "")
        cause = cause.__cause__
