"""Truths that must always hold: one module each, named in `settings.INVARIANTS`, run in tests, nightly and on demand.

Such a module has `NAME`, `DESCRIPTION` and `violations()`, which reads and never repairs. Each runs on one snapshot of the
database, so that what is being written meanwhile is seen whole or not at all, and its memory does not grow with the tables.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from typing import Any

from django.db import connection, transaction

from gateway.core.time_limits import extend_time_limits

logger = logging.getLogger(__name__)

# Enough to see what is wrong; a broken table must not fill the memory or the report.
MAX_VIOLATIONS = 100
# An audit of large books outlasts what a request may take; one truth has this long.
MAX_SECONDS = 1200


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that is not as it must be: which object, and what about it."""

    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class InvariantResult:
    """How one truth was found. `complete` is False when there are more violations than are listed."""

    name: str
    description: str
    violations: tuple[Violation, ...]
    complete: bool
    elapsed_ms: int

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return not self.violations

    def shown(self) -> dict[str, Any]:
        """As reports in JSON show it."""
        return {
            "name": self.name,
            "holds": self.holds,
            "elapsed_ms": self.elapsed_ms,
            "complete": self.complete,
            "violations": [{"subject": found.subject, "detail": found.detail} for found in self.violations],
        }

    def lines(self) -> Iterator[str]:
        """As people read it in a terminal."""
        yield f"{'ok    ' if self.holds else 'BROKEN'} {self.name}: {self.description}"
        for found in self.violations:
            yield f"         {found.subject}: {found.detail}"
        if not self.complete:
            yield "         ... and more"


def selected(query: str, parameters: Sequence[Any] = ()) -> Iterator[Violation]:
    """The rows of a query of two columns, subject and detail: no more than a report lists."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({query}) found LIMIT {MAX_VIOLATIONS + 1}", parameters or None)  # noqa: S608  (constants)
        for subject, detail in cursor.fetchall():
            yield Violation(str(subject), str(detail))


def broken_links(links: Iterable[tuple[str, str, str]]) -> Iterator[Violation]:
    """Rows whose reference leads nowhere, or to another merchant or mode. `links` are (table, column, table it leads to)."""
    for child, column, parent in links:
        yield from selected(
            f"SELECT c.id, CASE WHEN p.id IS NULL THEN '{child}.{column} leads nowhere'"  # noqa: S608  (constants)
            f" ELSE '{child}.{column} leads to another merchant or mode' END"
            f" FROM {child} c LEFT JOIN {parent} p ON p.id = c.{column} WHERE c.{column} IS NOT NULL"
            " AND (p.id IS NULL OR p.merchant_id <> c.merchant_id OR p.livemode <> c.livemode)"
        )


def run(paths: Iterable[str]) -> list[InvariantResult]:
    """Run the invariants in the modules of these dotted paths, one after the other."""
    return [run_one(path) for path in paths]


def run_one(path: str) -> InvariantResult:
    """Run one. A truth that could not be checked does not hold: it says so, and the others go on."""
    module = import_module(path)
    started = time.monotonic()
    try:
        with _snapshot(), closing(module.violations()) as violations:  # it may hold a cursor open
            found = tuple(islice(violations, MAX_VIOLATIONS + 1))
    except Exception as error:
        logger.exception("invariant %s could not be checked", module.NAME)
        found = (Violation("this check", f"could not be made: {type(error).__name__}"),)
    return InvariantResult(
        name=module.NAME,
        description=module.DESCRIPTION,
        violations=found[:MAX_VIOLATIONS],
        complete=len(found) <= MAX_VIOLATIONS,
        elapsed_ms=round((time.monotonic() - started) * 1000),
    )


@contextmanager
def _snapshot() -> Iterator[None]:
    """One view of all tables, for as long as an audit takes. Within a transaction (a test's) it is that one's view."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            extend_time_limits(seconds=MAX_SECONDS)
        yield
