"""The merchant's clock. Real time rules machinery (`django.utils.timezone.now`); this clock rules business dates.

A merchant in test mode may move its clock forward. `MERCHANT_CLOCK` in the settings is the dotted path of
`(merchant_id) -> timedelta`, the offset from real time; live mode is always real time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

_offset: ContextVar[timedelta] = ContextVar("gateway_clock_offset", default=timedelta())


def now() -> datetime:
    """The present moment on the clock of the merchant in whose name we act (UTC, aware)."""
    return timezone.now() + _offset.get()


def offset_of(merchant_id: UUID | None, livemode: bool | None) -> timedelta:
    """How far that merchant's clock is from real time."""
    if merchant_id is None or livemode is not False:
        return timedelta()
    offset: timedelta = import_string(settings.MERCHANT_CLOCK)(merchant_id)
    return offset


@contextmanager
def of_merchant(merchant_id: UUID | None, livemode: bool | None) -> Iterator[None]:
    """Run the block on that merchant's clock. Every way in (API, pages, worker) wraps its call in this."""
    with shifted(offset_of(merchant_id, livemode)):
        yield


@contextmanager
def shifted(offset: timedelta) -> Iterator[None]:
    """Run the block on a clock that differs from real time by `offset`."""
    token = _offset.set(offset)
    try:
        yield
    finally:
        _offset.reset(token)


def to_real(business_moment: datetime) -> datetime:
    """The real time at which this merchant's clock will show `business_moment`, if nobody moves it: a timer's `run_at`."""
    return business_moment - _offset.get()
