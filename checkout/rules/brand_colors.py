"""The merchant's colour at checkout, made readable: WCAG 2.2 asks for a contrast of 4.5 between text and what is behind it.

>>> accent_for("#1f3a5f").light
Fill(color='#1f3a5f', text='#ffffff')
>>> accent_for("#ffd400").light
Fill(color='#ffd400', text='#15171c')
>>> all(contrast(accent_for(c).ink_on_light, "#f8f8f6") >= 4.5 for c in ("#ffd400", "#ff0000", "#ffffff", "#000000"))
True
>>> all(contrast(accent_for(c).ink_on_dark, "#1d1e22") >= 4.5 for c in ("#000080", "#ff0000", "#ffffff", "#000000"))
True
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

READABLE = 4.5
# On dark pages the accent is lightened further: at 4.5 a dark brand would be a grey among greys.
READABLE_ON_DARK = 7.0
INK, WHITE, BLACK = "#15171c", "#ffffff", "#000000"
# The lightest and darkest grounds that text in the accent colour may stand on (static/css/tokens.css).
LIGHT_PAPER, DARK_PAPER = "#f3f3f0", "#1f2024"


@dataclass(frozen=True, slots=True)
class Fill:
    """A filled button: its colour and that of its words."""

    color: str
    text: str


@dataclass(frozen=True, slots=True)
class Accent:
    """The accent on light and on dark pages: as text (`ink_*`) and as the fill of the button."""

    ink_on_light: str
    ink_on_dark: str
    light: Fill
    dark: Fill


@lru_cache(maxsize=256)
def accent_for(brand: str) -> Accent:
    """The accent made of a merchant's colour (`#rrggbb`), as close to it as readable text allows."""
    on_light = _moved_until_readable(brand, toward=BLACK, against=LIGHT_PAPER)
    on_dark = _moved_until_readable(brand, toward=WHITE, against=DARK_PAPER, ratio=READABLE_ON_DARK)
    return Accent(on_light, on_dark, _fill(brand), _fill(on_dark))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _fill(color: str) -> Fill:
    """Between ink and white at least one is always readable: the product of both contrasts exceeds 4.5 squared nearly
    everywhere, and where it does not the better one misses by less than a hundredth, so the colour moves a step."""
    text = WHITE if contrast(color, WHITE) >= READABLE else INK
    if contrast(color, text) >= READABLE:
        return Fill(color, text)
    return Fill(_moved_until_readable(color, toward=BLACK, against=WHITE), WHITE)


def _moved_until_readable(color: str, *, toward: str, against: str, ratio: float = READABLE) -> str:
    for step in range(21):
        moved = _mix(color, toward, step / 20)
        if contrast(moved, against) >= ratio:
            return moved
    return toward


def _mix(one: str, other: str, share: float) -> str:
    parts = (round(a + (b - a) * share) for a, b in zip(_rgb(one), _rgb(other), strict=True))
    return "#" + "".join(f"{part:02x}" for part in parts)


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _luminance(color: str) -> float:
    red, green, blue = (_linear(part / 255) for part in _rgb(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
