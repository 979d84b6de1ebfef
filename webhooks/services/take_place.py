"""Places for exchanges in one worker process, so that slow receivers never take all of its threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from django.conf import settings


@contextmanager
def take_place(*, holds_up: bool) -> Iterator[bool]:
    """A place for the length of the block; yields False when all are taken, and then nothing may be sent.

    There are `WEBHOOK_PLACES` of them, and endpoints that failed or took long the last time share
    `WEBHOOK_FAILING_PLACES`: a dozen of dead or slow endpoints delay neither the healthy ones nor payments.
    """
    with _place(_all()) as taken:
        if not taken or not holds_up:
            yield taken
            return
        with _place(_of_those_that_hold_up()) as taken_too:
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
def _of_those_that_hold_up() -> threading.Semaphore:
    return threading.Semaphore(settings.WEBHOOK_FAILING_PLACES)
