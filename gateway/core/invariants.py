"""Truths that must always hold: one module each, named in `settings.INVARIANTS`, run in tests, nightly and on demand.

Such a module has `NAME`, `DESCRIPTION` and `violations()`, which reads and never repairs.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from typing import Any

# Enough to see what is wrong; a broken table must not fill the memory or the report.
MAX_VIOLATIONS = 100


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


def run(paths: Iterable[str]) -> list[InvariantResult]:
    """Run the invariants in the modules of these dotted paths, one after the other."""
    return [_run(path) for path in paths]


def _run(path: str) -> InvariantResult:
    module = import_module(path)
    started = time.monotonic()
    with closing(module.violations()) as violations:  # it may hold a cursor open
        found = tuple(islice(violations, MAX_VIOLATIONS + 1))
    return InvariantResult(
        name=module.NAME,
        description=module.DESCRIPTION,
        violations=found[:MAX_VIOLATIONS],
        complete=len(found) <= MAX_VIOLATIONS,
        elapsed_ms=round((time.monotonic() - started) * 1000),
    )
