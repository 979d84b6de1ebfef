"""Whether anything is left to do."""

from __future__ import annotations

from gateway.work.models import Work
from gateway.work.rules import timer_kinds
from gateway.work.selectors import is_quiet as work_is_quiet


def is_quiet() -> bool:
    """No row due, leased or waiting except business timers. A delivery without an end always has a row."""
    return work_is_quiet()


def what_is_left() -> str:
    """The kinds of work that are left, with how many rows of each and the last error, in a sentence."""
    left: dict[str, int] = {}
    for kind, state, error in Work.objects.exclude(kind__in=timer_kinds()).values_list("kind", "state", "error"):
        label = f"{kind} {state}" + (f" ({error[:80]})" if error else "")
        left[label] = left.get(label, 0) + 1
    return "; ".join(f"{count} x {label}" for label, count in sorted(left.items())[:20]) or "nothing now"
