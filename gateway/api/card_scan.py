"""The card-number guard: published test numbers belong into the card fields of `/tokens`, and nowhere else.

Everything a caller can send is looked at (path, query, headers, body), with the separators and digits that people and
programs use. The list is named by `settings.PUBLISHED_TEST_NUMBERS`, because the numbers are the payments app's.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_plus

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string

from gateway.api.errors import CardNumberNotAllowed
from gateway.core.errors import FieldError

# Twelve digits or more, with at most two separators between any of them.
_DIGIT_RUN = re.compile(r"\d(?:[\s\-._/,+]{0,2}\d){11,}")
_NOT_A_DIGIT = re.compile(r"\D")
# Never kept or logged by anybody, and random enough to be left alone.
_UNSEEN_HEADERS = frozenset({"Authorization", "X-Api-Secret", "Cookie", "Content-Length"})


@lru_cache(maxsize=1)
def _published() -> re.Pattern[str]:
    numbers: Iterable[str] = import_string(settings.PUBLISHED_TEST_NUMBERS)
    return re.compile("|".join(sorted(map(re.escape, numbers), key=len, reverse=True)) or r"(?!)")


def has_card_number(text: str) -> bool:
    """Whether a published test number is written anywhere in `text`."""
    if len(text) < 12:
        return False
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    for run in _DIGIT_RUN.finditer(text):
        digits = "".join(str(unicodedata.digit(sign)) for sign in _NOT_A_DIGIT.sub("", run.group()))
        if _published().search(digits):
            return True
    return False


def refuse_in_request_line(request: HttpRequest) -> None:
    """Raise `CardNumberNotAllowed` for a card number in the path, the query string or a header."""
    query = request.META.get("QUERY_STRING", "")
    if has_card_number(request.path) or has_card_number(unquote_plus(request.path)):
        raise CardNumberNotAllowed(errors=(_found("path"),))
    if has_card_number(unquote_plus(query)) or has_card_number(unquote_plus(unquote_plus(query))):
        raise CardNumberNotAllowed(errors=(_found("query"),))
    for name, value in request.headers.items():
        if name not in _UNSEEN_HEADERS and (has_card_number(value) or has_card_number(unquote_plus(value))):
            raise CardNumberNotAllowed(errors=(_found(f"headers.{name}"),))


def refuse_in_body(body: Mapping[str, Any], *, card_fields: Iterable[str] = ()) -> None:
    """Raise `CardNumberNotAllowed` for a card number anywhere in the body but at the dotted paths `card_fields`."""
    allowed = frozenset(card_fields)
    found = tuple(_found(path) for path in _where(body, "") if path not in allowed)
    if found:
        raise CardNumberNotAllowed(errors=found)


def _where(value: Any, path: str) -> Iterable[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            if has_card_number(key):
                yield path or "body"  # the name itself is the number: name only where it stands
            else:
                yield from _where(part, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _where(part, f"{path}.{index}")
    elif isinstance(value, str | int) and not isinstance(value, bool) and has_card_number(str(value)):
        yield path


def _found(field: str) -> FieldError:
    return FieldError(field, CardNumberNotAllowed.code, "Contains a card number.")
