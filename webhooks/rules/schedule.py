"""When a delivery is tried again, and how an endpoint that does not answer is spared.

>>> round(sum(WAITS, timedelta()).total_seconds() / 3600, 1), len(WAITS)
(75.6, 10)
>>> wait_after(1, jitter=0.0), wait_after(2, jitter=1.0), wait_after(10, jitter=0.0)
(datetime.timedelta(seconds=5), datetime.timedelta(seconds=360), None)
"""

from __future__ import annotations

from datetime import datetime, timedelta

# The wait before each of the ten attempts.
WAITS = (
    timedelta(),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
MAX_ATTEMPTS = len(WAITS)
JITTER_FRACTION = 0.2
RETRY_AFTER_CAP = timedelta(hours=1)

BREAKER_THRESHOLD = 5  # failures in a row after which an endpoint is asked one delivery at a time
_COOLDOWN_BASE_S = 2.0
_COOLDOWN_CAP_S = 30.0
SLOW_DOWN = timedelta(seconds=30)
SLOW_AFTER_MS = 2000  # an exchange that took longer is one of a slow receiver

WARN_AFTER = timedelta(days=4)
DISABLE_AFTER = timedelta(days=5)
WARNING_AHEAD = DISABLE_AFTER - WARN_AFTER


def wait_after(attempts_made: int, *, jitter: float, retry_after: timedelta | None = None) -> timedelta | None:
    """How long to wait after that many failed attempts; None when the schedule has ended.

    `jitter` is between -1 and 1 and moves the wait by up to a fifth. The receiver's `Retry-After` may lengthen the
    wait, up to an hour; it never shortens it.
    """
    if attempts_made >= MAX_ATTEMPTS:
        return None
    wait = WAITS[attempts_made] * (1 + JITTER_FRACTION * jitter)
    return max(wait, min(retry_after or timedelta(), RETRY_AFTER_CAP))


def cooldown(consecutive_failures: int) -> timedelta:
    """How long the breaker keeps an endpoint alone after that many failures in a row; nothing below the threshold.

    >>> [cooldown(n).total_seconds() for n in (4, 5, 6, 40)]
    [0.0, 2.0, 4.0, 30.0]
    """
    over = consecutive_failures - BREAKER_THRESHOLD
    if over < 0:
        return timedelta()
    return timedelta(seconds=min(_COOLDOWN_BASE_S * 2 ** min(over, 10), _COOLDOWN_CAP_S))


def disable_at(*, failing_since: datetime, warned_at: datetime | None, now: datetime) -> datetime:
    """When an endpoint that goes on failing is disabled: after five days, and no sooner than a day after its owner was
    warned.

    >>> began = datetime(2026, 1, 1)
    >>> disable_at(failing_since=began, warned_at=began + WARN_AFTER, now=began + DISABLE_AFTER) - began
    datetime.timedelta(days=5)
    >>> disable_at(failing_since=began, warned_at=None, now=began + DISABLE_AFTER) - began
    datetime.timedelta(days=6)
    """
    return max(failing_since + DISABLE_AFTER, (warned_at or now) + WARNING_AHEAD)
