"""How a refund whose outcome is unknown gets to know it."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

RESEND_WINDOW = timedelta(minutes=15)


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
