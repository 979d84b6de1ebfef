"""Strict JSON: what money software may read from a stranger.

>>> read_json(b'{"amount": 10.0}')["amount"]
Inexact('10.0')
>>> read_json(b'{"amount": 1, "amount": 2}')
Traceback (most recent call last):
...
gateway.api.errors.MalformedBody: An object in the body has a key twice.
"""

import json
from typing import Any, NoReturn

from gateway.api.errors import MalformedBody

MAX_DEPTH = 12
MAX_NUMBER_LENGTH = 40


class Inexact(str):
    """A JSON number that was not written as an integer (`1e3`, `10.0`): kept as it was spelled, never a float."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Inexact({str(self)!r})"


def read_json(raw: bytes) -> Any:
    """The value that `raw` spells. Numbers that are not plain integers come back as `Inexact`.

    Raises `MalformedBody` for bad UTF-8, bad syntax, `NaN`, duplicate keys, nesting beyond 12 levels, absurdly long
    numbers, NUL characters and lone surrogates (the database could not keep either).
    """
    try:
        text = raw.decode("utf-8")
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=Inexact,
            parse_int=_integer,
            parse_constant=_refuse_constant,
        )
    except UnicodeDecodeError as error:
        message = "The body is not valid UTF-8."
        raise MalformedBody(message) from error
    except json.JSONDecodeError as error:
        message = f"The body is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        raise MalformedBody(message) from None  # the error carries the whole document: let no report show it
    except RecursionError:
        raise MalformedBody(_too_deep()) from None
    _check(value, MAX_DEPTH)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for key, value in pairs:
        if key in seen:
            message = "An object in the body has a key twice."  # unnamed: nobody has looked for a card in it yet
            raise MalformedBody(message)
        seen[key] = value
    return seen


def _integer(spelled: str) -> int:
    if len(spelled) > MAX_NUMBER_LENGTH:
        message = "A number in the body is too long."
        raise MalformedBody(message)
    return int(spelled)


def _refuse_constant(name: str) -> NoReturn:
    message = f"{name} is not JSON."
    raise MalformedBody(message)


def _too_deep() -> str:
    return f"The body is nested more than {MAX_DEPTH} levels deep."


def _check(value: Any, depth_left: int) -> None:
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
            message = "A string in the body contains a character that cannot be stored (NUL or half a surrogate pair)."
            raise MalformedBody(message)
    elif isinstance(value, dict | list):
        if depth_left == 0:
            raise MalformedBody(_too_deep())
        for part in _parts(value):
            _check(part, depth_left - 1)


def _parts(value: dict[str, Any] | list[Any]) -> list[Any]:
    return value if isinstance(value, list) else [*value.keys(), *value.values()]
