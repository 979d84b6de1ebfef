"""How an operation without an answer is resolved: by asking again, or by making sure that it never happens.

>>> from datetime import UTC
>>> start = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
>>> may_resend("authorize", made_at=start, now=start + timedelta(minutes=14), key_retention=None)
True
>>> may_resend("authorize", made_at=start, now=start + timedelta(minutes=15), key_retention=None)
False
>>> may_resend("void", made_at=start, now=start + timedelta(days=2), key_retention=None)
True
>>> may_resend("void", made_at=start, now=start + timedelta(days=2), key_retention=timedelta(days=1))
False
"""

from __future__ import annotations

from datetime import datetime, timedelta

# Later the customer has left: nobody is charged then.
RESEND_WINDOW = timedelta(minutes=15)
# How long a customer has for a challenge.
CHALLENGE_WINDOW = timedelta(minutes=30)


def may_resend(kind: str, *, made_at: datetime, now: datetime, key_retention: timedelta | None) -> bool:
    """Whether the same request may be sent (again) under its key. Both times are real time.

    A void takes nothing from anybody, so only the provider's memory of the key limits it.
    """
    age = now - made_at
    if key_retention is not None and age >= key_retention:
        return False
    return kind == "void" or is_in_time(made_at=made_at, now=now)


def is_in_time(*, made_at: datetime, now: datetime) -> bool:
    """Whether the customer who asked for it at `made_at` may still be charged. Both times are real time."""
    return now - made_at < RESEND_WINDOW


def is_past_retention(*, made_at: datetime, now: datetime, key_retention: timedelta | None) -> bool:
    """Whether the provider may have forgotten the key: then only a person can decide."""
    return key_retention is not None and now - made_at >= key_retention
