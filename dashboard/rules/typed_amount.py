"""An amount as people type it, read into minor units. Exact, and never a guess: what could be two amounts is none. Pure.

A point is the decimal mark. A comma groups, as the pages print it; it is the decimal mark only where it cannot group.

>>> [minor_units(text, "EUR") for text in ("49.99", "4,5", "1,000", "1,000.00", "12,34,567.00", "1 000")]
[4999, 450, 100000, 100000, 123456700, 100000]
>>> [minor_units(text, "EUR") for text in ("1.000", "1,00,0", "10,00.00", "1.000,00", "1e3", "ten", "-4", "")]
[None, None, None, None, None, None, None, None]
>>> minor_units("1,000", "JPY"), minor_units("1.000", "JPY"), minor_units("1,5", "JPY")
(1000, None, None)
>>> minor_units("1.000", "KWD"), minor_units("1,000", "KWD"), minor_units("1,000.000", "KWD"), minor_units("0,500", "KWD")
(1000, None, 1000000, 500)
"""

from __future__ import annotations

import re

from gateway.core.currencies import minor_digits

# By thousands with one mark throughout, or as in India, where only the last group has three digits.
_GROUPED = re.compile(r"([1-9]\d{0,2}(?:(?:,\d{3})+|(?: \d{3})+)|[1-9]\d?(?:,\d{2})+,\d{3})(?:\.(\d+))?", re.ASCII)
_PLAIN = re.compile(r"(\d+)(?:[.,](\d+))?", re.ASCII)
# One thousand, or one and no thousandths: where the minor unit has three digits, nobody can tell.
_GROUP_OR_FRACTION = re.compile(r"[1-9]\d{0,2},\d{3}", re.ASCII)


def minor_units(text: str, currency: str) -> int | None:
    """The amount in minor units; None for what is not one amount in figures. KeyError for an unknown currency."""
    digits = minor_digits(currency)
    written = " ".join(text.split())
    found = _GROUPED.fullmatch(written) or _PLAIN.fullmatch(written)
    if found is None or (digits >= 3 and _GROUP_OR_FRACTION.fullmatch(written)):
        return None
    whole, fraction = re.sub(r"\D", "", found[1]), found[2] or ""
    if len(fraction) > digits:
        return None
    return int(whole + fraction.ljust(digits, "0"))
