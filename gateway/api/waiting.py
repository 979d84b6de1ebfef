"""`Prefer: wait=N`: hold an answer until the state has settled, without those who wait taking the whole process."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TypeVar

from django.conf import settings

MAX_WAIT_S = 30
_FIRST_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 0.25
_WAIT = re.compile(r"^wait\s*=\s*\"?(\d{1,6})\"?$", re.IGNORECASE)
_T = TypeVar("_T")


def asked_seconds(header: str | None) -> int:
    """How long a `Prefer` header asks to wait, at most 30; 0 when it does not.

    >>> [asked_seconds(header) for header in ("respond-async, wait=10", "wait=999", "wait=-1", None)]
    [10, 30, 0, 0]
    """
    for preference in (header or "").split(","):
        if found := _WAIT.match(preference.split(";")[0].strip()):
            return min(int(found.group(1)), MAX_WAIT_S)
    return 0


@lru_cache(maxsize=1)
def _places() -> threading.Semaphore:
    # The quarter is of this process's threads; with fewer than four of them nobody may wait.
    return threading.Semaphore(settings.WEB_THREADS // 4)


@contextmanager
def place(wanted: bool) -> Iterator[bool]:
    """A place among those who may wait; False when it was not wanted or all are taken (then answer at once)."""
    taken = wanted and _places().acquire(blocking=False)
    try:
        yield taken
    finally:
        if taken:
            _places().release()


def until_settled(present: _T, settled: Callable[[_T], _T | None], *, seconds: float) -> _T:
    """Ask `settled` until it gives the settled object or the time is over; then the object as it was."""
    deadline = time.monotonic() + seconds
    pause_s = _FIRST_PAUSE_S
    while (found := settled(present)) is None:
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            return present
        time.sleep(min(pause_s, left_s))
        pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)
    return found
