"""Named places where a fault test may kill this process, to prove that nothing is lost there.

`CRASH_POINT=after_claim` kills at the first hit, `CRASH_POINT=after_claim:3` at the third. `CRASH_POINT=@/folder/file` looks
into that file, each time, for such a word; it serves one death and is removed by it, so that a running process can be armed
again and again. Inert unless the setting `ALLOW_CRASH_POINTS` is true, which no production setting is. Who dies says
where, on standard error.
"""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

from django.conf import settings

_lock = threading.Lock()
_hits = 0
_counted_for = ""


def reach(name: str) -> None:
    """Die here by SIGKILL, without any clean-up, when this is the point and the hit that the environment chose."""
    if not getattr(settings, "ALLOW_CRASH_POINTS", False):
        return
    chosen = os.environ.get("CRASH_POINT", "")
    wanted = _word_in(chosen.removeprefix("@")) if chosen.startswith("@") else chosen
    point, _, ordinal = wanted.partition(":")
    if point == name and _count(wanted) == int(ordinal or "1"):
        if chosen.startswith("@"):
            Path(chosen.removeprefix("@")).unlink(missing_ok=True)
        os.write(2, f"crash_point_reached {name}\n".encode())  # no buffer may keep it
        os.kill(os.getpid(), signal.SIGKILL)


def _word_in(file: str) -> str:
    try:
        return Path(file).read_text().strip()
    except FileNotFoundError:
        return ""


def _count(wanted: str) -> int:
    global _hits, _counted_for
    with _lock:
        if wanted != _counted_for:
            _hits, _counted_for = 0, wanted
        _hits += 1
        return _hits
