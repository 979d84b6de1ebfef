"""The audit log is what it was: nothing changed, deleted, inserted, and every seal follows from the one before."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.audit.services.verify import verify
from gateway.core.invariants import Violation

NAME = "audit.intact_chain"
DESCRIPTION = "Every audit entry is named by exactly the seal that sealed it, and the seals form one chain."


def violations() -> Iterator[Violation]:
    """What `manage.py audit_verify` would report (without the heads in the log, which only a person can bring)."""
    for problem in verify():
        yield Violation(problem.subject, f"{problem.kind}: {problem.detail}")
