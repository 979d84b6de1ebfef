"""What a handler may answer, what a kind of work is, and how long to wait between attempts.

>>> backoff(attempts=1, counts=True, spread=0.5), backoff(attempts=4, counts=True, spread=0.5)
(datetime.timedelta(seconds=1), datetime.timedelta(seconds=8))
>>> backoff(attempts=40, counts=False, spread=1.0), backoff(attempts=40, counts=True, spread=0.5)
(datetime.timedelta(seconds=30), datetime.timedelta(seconds=300))
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from django.conf import settings

from gateway.core.tenancy import Tenant

# Claims that ended in an unexpected exception, or without any report, before a person has to look.
MAX_STRIKES = 5
# So many attempts may end at a time limit of the database before each further one is a strike (a quarter of an hour at least).
PATIENT_ATTEMPTS = 20
DEFAULT_LEASE_S = 30.0
_CAP_PASSING = timedelta(seconds=30)
_CAP_FAILING = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing is left to do: the row is deleted (or due again at once, when somebody enqueued it meanwhile)."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again. `counts=False` for what is not the row's fault (provider unreachable, 429, outcome unknown):
    such a row is never quarantined and waits at most 30 s. Without `after` the wait grows with the attempts."""

    reason: str
    after: timedelta | None = None
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Later:
    """Not due before `at` (real time): a timer or a schedule, not a failure of the row, whose attempts start anew.
    `retrying` when what waits has failed before: the queue's status counts it as that."""

    at: datetime
    reason: str = ""
    retrying: bool = False


Result: TypeAlias = Done | Retry | Later


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One piece of work to enqueue; unique by kind and subject. `run_at` None: at once."""

    kind: str
    subject_id: UUID
    tenant: Tenant | None
    run_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of work, as `settings.WORK_HANDLERS` describes it."""

    name: str
    handler: str  # dotted path of (Claim) -> Result
    queue: str
    lease_s: float
    transactional: bool  # the runner opens one transaction around the handler and completes the row in it
    timer: bool  # a business timer: waiting for it is not unfinished work


class UnknownKind(LookupError):
    """No handler of this name: a programming error, or a row written by a newer release."""


def kind_named(name: str) -> Kind:
    """The kind of this name. Raises `UnknownKind`."""
    entry = settings.WORK_HANDLERS.get(name)
    if entry is None:
        raise UnknownKind(name)
    return Kind(
        name=name,
        handler=entry["handler"],
        queue=entry.get("queue", "default"),
        lease_s=float(entry.get("lease_s", DEFAULT_LEASE_S)),
        transactional=entry.get("transactional", True),
        timer=entry.get("timer", False),
    )


def timer_kinds() -> list[str]:
    """The names of the kinds that are business timers."""
    return sorted(name for name in settings.WORK_HANDLERS if kind_named(name).timer)


def queues() -> list[str]:
    """Every queue that some kind uses."""
    return sorted({kind_named(name).queue for name in settings.WORK_HANDLERS} or {"default"})


def backoff(*, attempts: int, counts: bool, spread: float) -> timedelta:
    """The wait before the next attempt: 1 s, doubling, +-20 % by `spread` in 0..1, at most 30 s when it does not count."""
    cap = _CAP_FAILING if counts else _CAP_PASSING
    wait = min(timedelta(seconds=2 ** min(max(attempts, 1) - 1, 20)), cap)
    return min(wait * (0.8 + 0.4 * spread), cap)


def wait_before_retry(retry: Retry, *, attempts: int, spread: float) -> timedelta:
    """How long a `Retry` waits."""
    wait = retry.after
    if wait is None:
        wait = backoff(attempts=attempts, counts=retry.counts, spread=spread)
    if not retry.counts:
        wait = min(wait, _CAP_PASSING)
    return max(wait, timedelta())
