"""How long does it take to learn what became of a request to the bank?

A watcher asks the database, twice a second, which operations and refunds were sent and are not settled. A wait begins when
one is first seen unknown (or was sent so long ago that whoever sent it must have died), or when the bank answers again after it
was frozen; it ends when the row is seen settled. Waits that nobody saw were shorter than the watcher's pause; leaving them out
makes the share worse, never better.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import psycopg

SOON_S, AT_LAST_S, SOON_SHARE = 60.0, 600.0, 0.95
_PAUSE_S = 0.5
# No request to the bank takes longer.
REQUEST_SECONDS = 22
# What is open, and for how many seconds nobody has known its outcome: null while its first request may still be answered.
_OPEN = f"""
SELECT id, CASE WHEN status = 'unknown' THEN 0
    WHEN sent_at < now() - interval '{REQUEST_SECONDS} s' THEN extract(epoch FROM now() - sent_at) END
FROM payments_operation WHERE status IN ('sent', 'unknown')
UNION ALL
SELECT id, CASE WHEN unknown_since IS NOT NULL THEN 0
    WHEN sent_at < now() - interval '{REQUEST_SECONDS} s' THEN extract(epoch FROM now() - sent_at) END
FROM refunds_refund WHERE status = 'processing' AND provider_reference = ''
"""


@dataclass
class UnresolvedWatch:
    """The waits so far, in seconds."""

    waits_s: list[float] = field(default_factory=list)
    _began: dict[object, float] = field(default_factory=dict)
    _broken: Exception | None = None

    @contextlib.contextmanager
    def watching(self, database_url: str) -> Iterator[UnresolvedWatch]:
        """Watch for the length of the block; what is open at its end counts with its wait so far."""
        ended = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(database_url, ended), daemon=True)
        watcher.start()
        try:
            yield self
        finally:
            ended.set()
            watcher.join()
            self.see((), time.monotonic())
        if self._broken is not None:
            raise self._broken

    def bank_is_back(self) -> None:
        """From now on the bank answers: nobody could have learned anything before."""
        now = time.monotonic()
        self._began.update(dict.fromkeys(self._began, now))

    def _watch(self, database_url: str, ended: threading.Event) -> None:
        try:
            self._look(database_url, ended)
        except Exception as error:  # raised where the block ends: who does not look sees no wait
            self._broken = error

    def _look(self, database_url: str, ended: threading.Event) -> None:
        while not ended.is_set():
            # The database restarts, too.
            with (
                contextlib.suppress(psycopg.OperationalError),
                psycopg.connect(database_url, autocommit=True) as asking,
            ):
                while not ended.wait(_PAUSE_S):
                    self.see(asking.execute(_OPEN).fetchall(), time.monotonic())
            ended.wait(_PAUSE_S)

    def see(self, open_now: Iterable[tuple[object, float | None]], now: float) -> None:
        """What is open now, each with the seconds for which its outcome has been unknown (None: it is not yet)."""
        seen = dict(open_now)
        for settled in self._began.keys() - seen.keys():
            self.waits_s.append(now - self._began.pop(settled))
        for each, unknown_for_s in seen.items():
            if unknown_for_s is not None:
                self._began.setdefault(each, now - float(unknown_for_s))


def share_soon(waits_s: list[float]) -> float:
    """How many of the waits were over soon enough; 1 when there was none."""
    return sum(wait <= SOON_S for wait in waits_s) / len(waits_s) if waits_s else 1.0
