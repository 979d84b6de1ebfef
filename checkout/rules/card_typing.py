"""How a card is typed: which lengths belong to which brand, and what is missing or wrong. Never who issued it.

>>> brand_of("4242424242424242").name, brand_of("378282246310005").name, brand_of("99").name
('Visa', 'American Express', '')
>>> number_problem(""), number_problem("4242 4242"), number_problem("4242424242424241"), number_problem("4242 4242 4242 4242")
('empty', 'incomplete', 'invalid', '')
>>> parse_expiry("04 / 28"), parse_expiry("0428"), parse_expiry("4/2028"), parse_expiry("04 /"), parse_expiry("13/28")
((4, 2028), (4, 2028), (4, 2028), 'incomplete', 'invalid')
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from stdnum import luhn


@dataclass(frozen=True, slots=True)
class Brand:
    """A scheme: how its numbers begin, how long they and their security codes are."""

    name: str
    prefixes: tuple[range, ...]
    lengths: tuple[int, ...]
    cvc_digits: int = 3


def _starts(*numbers: int) -> tuple[range, ...]:
    return tuple(range(number, number + 1) for number in numbers)


UNKNOWN = Brand("", (), tuple(range(12, 20)))
# The first match counts. Prefixes are compared over as many digits as their own.
BRANDS = (
    Brand("American Express", _starts(34, 37), (15,), 4),
    Brand("Visa", _starts(4), (13, 16, 19)),
    Brand("Mastercard", (range(51, 56), range(2221, 2721)), (16,)),
    Brand("RuPay", (range(6521, 6523), range(652, 654), *_starts(60, 81, 82, 508)), (16,)),
    Brand("Discover", (range(644, 650), *_starts(6011, 65)), (16, 17, 18, 19)),
    Brand("Diners Club", (range(300, 306), *_starts(309, 36, 38, 39)), (14, 15, 16, 17, 18, 19)),
    Brand("JCB", (range(3528, 3590),), (16, 17, 18, 19)),
    Brand("UnionPay", _starts(62), (16, 17, 18, 19)),
)


def digits_of(typed: str) -> str:
    """What was typed, without the spaces and hyphens that people put in."""
    return re.sub(r"[\s\-\u2010-\u2015]", "", typed)


def brand_of(number: str) -> Brand:
    """The brand a number begins like; `UNKNOWN` for one we do not know (which is not an error)."""
    for brand in BRANDS:
        for prefix in brand.prefixes:
            size = len(str(prefix.start))
            if len(number) >= size and number[:size].isdigit() and int(number[:size]) in prefix:
                return brand
    return UNKNOWN


def number_problem(typed: str) -> str:
    """`empty`, `incomplete`, `invalid` or "" for a number that can be one."""
    number = digits_of(typed)
    if not number:
        return "empty"
    if not (number.isascii() and number.isdigit()):
        return "invalid"
    lengths = brand_of(number).lengths
    if len(number) < min(lengths):
        return "incomplete"
    if len(number) > max(lengths) or not luhn.is_valid(number):
        return "invalid"
    return ""


def cvc_problem(typed: str, number: str) -> str:
    """`empty`, `incomplete`, `invalid` or "" for a security code, whose length depends on the card."""
    code = digits_of(typed)
    if not code:
        return "empty"
    if not (code.isascii() and code.isdigit()):
        return "invalid"
    wanted = brand_of(digits_of(number)).cvc_digits
    if len(code) == wanted:
        return ""
    return "incomplete" if len(code) < wanted else "invalid"


def parse_expiry(typed: str) -> tuple[int, int] | str:
    """(month, year with four digits), or what is wrong with it: `empty`, `incomplete`, `invalid`."""
    text = typed.strip()
    if not text:
        return "empty"
    match = re.fullmatch(r"(\d{1,2})\s*[/\-. ]\s*(\d{4}|\d{2})", text) or re.fullmatch(r"(\d{2})(\d{4}|\d{2})", text)
    if match is None:
        return "invalid" if re.search(r"[^\d\s/\-.]", text) or len(digits_of(text)) > 7 else "incomplete"
    month, year = int(match[1]), int(match[2])
    if not 1 <= month <= 12:
        return "invalid"
    return month, year if year > 99 else 2000 + year
