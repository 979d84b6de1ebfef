"""Places for exchanges in one worker process, so that slow receivers never take all of its threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from django.conf import settings


@contextmanager
def take_place(*, failing: bool) -> Iterator[bool]:
    """A place for the length of the block; yields False when all are taken, and then nothing may be sent.

    There are `WEBHOOK_PLACES` of them, and endpoints that failed the last time share `WEBHOOK_FAILING_PLACES`: a dozen
    of dead endpoints delay neither the healthy ones nor payments.
    """
    with _place(_all()) as taken:
        if not taken or not failing:
            yield taken
            return
        with _place(_failing()) as taken_too:
            yield taken_too


@contextmanager
def _place(places: threading.Semaphore) -> Iterator[bool]:
    taken = places.acquire(blocking=False)
    try:
        yield taken
    finally:
        if taken:
            places.release()


@lru_cache(maxsize=1)
def _all() -> threading.Semaphore:
    return threading.Semaphore(settings.WEBHOOK_PLACES)


@lru_cache(maxsize=1)
def _failing() -> threading.Semaphore:
    return threading.Semaphore(settings.WEBHOOK_FAILING_PLACES)
