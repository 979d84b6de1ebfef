"""What must never be written down: card numbers and secrets, wherever they stand in a text or a structure.

>>> redact_text("card 4242 4242-4242 4242 of order 1234")
'card [card number] of order 1234'
>>> redact_text("4242424242424241 fails Luhn; key whsec_c2VjcmV0 does not stay")
'4242424242424241 fails Luhn; key [redacted] does not stay'
>>> redact({"card": {"number": "4242", "exp_month": 4}, "note": "call 4242424242424242"})
{'card': {'number': '[redacted]', 'exp_month': 4}, 'note': 'call [card number]'}
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

MASK = "[redacted]"
CARD_MASK = "[card number]"

# Digits with at most three signs between two of them that people and URLs put there: spaces, dashes, dots, +, %20, %2D.
_SEPARATOR = r"(?:[\s\-.+_/\u00a0\u2010-\u2015]|%20|%2[dD]|\\u00a0)"
# Our ids may hold a run that passes by chance. In a UUIDv7 no card number fits: its group of the variant starts with 8 to b.
_UUID = r"\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b"
_RUN = re.compile(rf"(?P<id>{_UUID})|\d(?:{_SEPARATOR}{{0,3}}\d){{12,}}")
_GROUP = re.compile(r"%20|%2[dD]|\\u00a0|\d+")

# Inside a longer unbroken run a window counts only where it starts and is long as cards do and are (a number and its CVC
# written together); a whole run, or whole groups of one, counts whatever it starts with.
_CARD_STARTS = {
    19: ("60", "62", "64", "65"),
    16: ("3", "4", "5", "60", "62", "64", "65", "22", "23", "24", "25", "26", "27", "81"),
    15: ("34", "37"),
    14: ("30", "36", "38", "39"),
}

_SECRETS = re.compile(
    r"""
    \b(?:whsec|sk|rk|sec|secret)_[A-Za-z0-9+/=_\-]{6,}          # our secrets and those of providers
    | \beyJ[A-Za-z0-9_\-]{5,}\.[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]* # JSON web tokens
    | (?<=\bBasic\ )[A-Za-z0-9+/=]{6,}
    | (?<=\bBearer\ )[A-Za-z0-9._~+/=\-]{6,}
    | (?<=://)[^\s/@:]*:[^\s/@]+(?=@)                           # user:password in a URL
    """,
    re.VERBOSE,
)

# Names whose values are never written down, in any spelling (`X-Api-Secret`, `api_secret`, `apiSecret`).
SENSITIVE_NAMES = frozenset(
    {
        "access", "accesstoken", "apikey", "apikeysecret", "apisecret", "authorization", "cardnumber", "cookie",
        "cookies", "csrfmiddlewaretoken", "csrftoken", "cvc", "cvv", "cvv2", "httpauthorization", "httpcookie",
        "httpxapisecret", "number", "otp", "pan", "passwd", "password", "privatekey", "proxyauthorization",
        "refresh", "refreshtoken", "secret", "secretkey", "securitycode", "sessionid", "sessionkey",
        "setcookie", "signingsecret", "webhooksecret", "xapisecret",
    }
)  # fmt: skip
_MAX_DEPTH = 40
# The offending row or key, which may be a person's address.
_DATABASE_DETAIL = re.compile(r"(?m)^(\s*)(DETAIL|CONTEXT):.*$")
_DOUBLED = {str(value): value * 2 - 9 if value > 4 else value * 2 for value in range(10)}


def luhn_valid(digits: str) -> bool:
    """Whether a string of digits passes the Luhn check.

    >>> luhn_valid("4242424242424242"), luhn_valid("4242424242424241")
    (True, False)
    """
    signs = digits if digits.isascii() else "".join(str(unicodedata.digit(sign)) for sign in digits)
    return (sum(map(int, signs[-1::-2])) + sum(_DOUBLED[sign] for sign in signs[-2::-2])) % 10 == 0


def redact_text(text: str) -> str:
    """The text without secrets, and without any 13 to 19 digits (spaces and dashes between them) that pass Luhn."""
    return _RUN.sub(_masked_run, _SECRETS.sub(MASK, text))


def redact_traceback(text: str) -> str:
    """A formatted traceback, redacted, and without the copies of rows that PostgreSQL puts below its messages."""
    return redact_text(_DATABASE_DETAIL.sub(r"\1\2: [redacted]", text))


def redact(value: Any, *, _depth: int = 0) -> Any:
    """The same structure of dicts, lists and scalars, redacted: values of sensitive names, and every text in it."""
    if _depth > _MAX_DEPTH:
        return MASK
    if isinstance(value, Mapping):
        return {
            _redacted_scalar(name): MASK
            if is_sensitive(str(name)) and item not in (None, "")
            else redact(item, _depth=_depth + 1)
            for name, item in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(item, _depth=_depth + 1) for item in value]
    return _redacted_scalar(value)


def is_sensitive(name: str) -> bool:
    """Whether the value that goes by this name is secret by its name alone.

    >>> is_sensitive("X-Api-Secret"), is_sensitive("order_number")
    (True, False)
    """
    return re.sub(r"[^a-z0-9]", "", name.lower()) in SENSITIVE_NAMES


def _redacted_scalar(value: Any) -> Any:
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return redact_text(bytes(value).decode("utf-8", "replace"))
    if isinstance(value, int) and not isinstance(value, bool) and value >= 10**12:
        return value if redact_text(str(value)) == str(value) else CARD_MASK
    if value is None or isinstance(value, bool | int | float | UUID | date | timedelta | Decimal):
        return value
    return redact_text(str(value))  # whatever else it is, only its words are kept


def _masked_run(found: re.Match[str]) -> str:
    """Mask each card number in a run of digits, and leave what stands around it."""
    text = found.group()
    if found.group("id"):
        return text
    groups = [(match.start(), match.end()) for match in _GROUP.finditer(text) if match.group()[0] not in "%\\"]
    spots = [spot for start, end in groups for spot in range(start, end)]
    digits = "".join(text[spot] for spot in spots)
    starts = {start for start, _ in groups}
    edges = {index for index, spot in enumerate(spots) if spot in starts}
    masked: list[tuple[int, int]] = []
    index = 0
    while index < len(digits):
        length = _card_at(digits, index, edges)
        if length:
            masked.append((spots[index], spots[index + length - 1] + 1))
            index += length
        else:
            index += 1
    for start, end in reversed(masked):
        text = f"{text[:start]}{CARD_MASK}{text[end:]}"
    return text


def _card_at(digits: str, index: int, edges: set[int]) -> int:
    """How many digits of a card number start here; 0 for none."""
    starts_group = index in edges
    for length in range(min(19, len(digits) - index), 12, -1):
        end = index + length
        whole = starts_group and (end == len(digits) or end in edges)
        window = digits[index:end]
        if (whole or window.startswith(_CARD_STARTS.get(length, ()))) and luhn_valid(window):
            return length
    return 0
