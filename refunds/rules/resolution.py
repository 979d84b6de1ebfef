"""How a refund whose outcome is unknown gets to know it, and when to look at one again."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

RESEND_WINDOW = timedelta(minutes=15)
_FIRST_LOOK, _RAREST_LOOK = timedelta(seconds=2), timedelta(minutes=15)
# Ages at which a refund that succeeded is looked at, in case the news that the bank returned it was lost.
_LOOKS = tuple(
    timedelta(minutes=minutes) for minutes in (1, 10, 60, 6 * 60, 24 * 60, 3 * 24 * 60, 7 * 24 * 60, 30 * 24 * 60)
)


class Question(StrEnum):
    """What to ask the provider next."""

    SEND = "send"  # never sent, or the last time definitely had no effect
    RESEND = "resend"  # the same key again: the provider knows it, or it does it now
    VOID_IF_ABSENT = "void_if_absent"  # too late to do it now: what became of this key?
    LOOK = "look"  # it was accepted: read the payment's present state
    PERSON = "person"  # no safe question is left


def next_question(
    *,
    sends: int,
    is_acknowledged: bool,
    age: timedelta,
    key_retention: timedelta | None,
    has_void_if_absent: bool,
) -> Question:
    """The one safe next question about a refund of that age.

    >>> ask = dict(key_retention=None, has_void_if_absent=True, is_acknowledged=False)
    >>> [str(next_question(sends=n, age=timedelta(minutes=m), **ask)) for n, m in ((0, 60), (1, 14), (1, 16))]
    ['send', 'resend', 'void_if_absent']
    """
    if is_acknowledged:
        return Question.LOOK
    if sends == 0:
        return Question.SEND
    is_kept = key_retention is None or age < key_retention
    if age < RESEND_WINDOW and is_kept:
        return Question.RESEND
    return Question.VOID_IF_ABSENT if has_void_if_absent and is_kept else Question.PERSON


def wait_for_outcome(age: timedelta) -> timedelta:
    """How long until the next look at a refund that the provider has taken and not decided: as long as it has waited.

    >>> [wait_for_outcome(timedelta(seconds=seconds)).total_seconds() for seconds in (0, 8, 3600)]
    [2.0, 8.0, 900.0]
    """
    return min(max(age, _FIRST_LOOK), _RAREST_LOOK)


def next_look(*, succeeded_at: datetime, now: datetime) -> datetime | None:
    """When to look again at a refund that succeeded then; None after 30 days.

    >>> start = datetime(2026, 1, 1, 12, 0)
    >>> str(next_look(succeeded_at=start, now=start)), str(next_look(succeeded_at=start, now=start.replace(hour=14)))
    ('2026-01-01 12:01:00', '2026-01-01 18:00:00')
    >>> next_look(succeeded_at=start, now=start.replace(month=3)) is None
    True
    """
    return next((succeeded_at + age for age in _LOOKS if succeeded_at + age > now), None)
