"""The `Retry-After` header of whoever answers us: what a stranger writes there must not raise.

>>> parse_retry_after("120", now=datetime(2026, 1, 1, tzinfo=UTC))
datetime.timedelta(seconds=120)
>>> parse_retry_after("Thu, 01 Jan 2026 00:01:00 GMT", now=datetime(2026, 1, 1, tzinfo=UTC))
datetime.timedelta(seconds=60)
>>> parse_retry_after("soon", now=datetime(2026, 1, 1, tzinfo=UTC)) is None
True
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_MAX_DIGITS = 9  # 31 years: more fits no timedelta that is added to a date


def parse_retry_after(value: str | None, *, now: datetime) -> timedelta | None:
    """The header as a wait: seconds or an HTTP date; None when absent, negative or not understood."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS:
        return timedelta(seconds=int(text))
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):  # hours or a zone beyond what a date can hold
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment - now if moment > now else None
