"""The geometry of a bar chart. Pure.

>>> [bar.height for bar in bars([0, 50, 100], width=90, height=80, gap=6)]
[0, 40, 80]
>>> nice_top(0), nice_top(7), nice_top(123), nice_top(2600), nice_top(99999)
(1, 10, 200, 3000, 100000)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar, from the top left, in the units of the drawing; `slot` is the whole column it stands in."""

    x: int
    y: int
    width: int
    height: int
    slot_x: int
    slot_width: int


def bars(values: Sequence[int], *, width: int, height: int, gap: int, top: int | None = None) -> list[Bar]:
    """One bar per value, side by side; the largest fills the height unless `top` says what would."""
    highest = top or max(values, default=0) or 1
    slot = width // max(len(values), 1)
    made = []
    for index, value in enumerate(values):
        size = round(height * value / highest)
        size = max(size, 2) if value else 0
        made.append(Bar(index * slot + gap // 2, height - size, slot - gap, size, index * slot, slot))
    return made


def nice_top(highest: int) -> int:
    """The round figure at or above the highest value: 1, 2, 3, 4, 5, 6 or 8 times a power of ten."""
    power = 1
    while power * 10 < highest:
        power *= 10
    return next((step * power for step in (1, 2, 3, 4, 5, 6, 8, 10) if step * power >= highest), 10 * power)
