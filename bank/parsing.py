"""Reading request bodies strictly: wrong types and unknown fields are refused, by name."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from django.http import HttpRequest
from iso4217 import Currency

from bank.errors import Problem, invalid

MAX_AMOUNT = 999_999_999_999
CURRENCIES = frozenset(currency.code for currency in Currency)


class Body:
    """A JSON object that is read field by field; `finish` refuses what nobody read."""

    def __init__(self, fields: Mapping[str, Any], path: str = "") -> None:
        self._fields = dict(fields)
        self._path = path

    @classmethod
    def of(cls, request: HttpRequest) -> Body:
        """The request's JSON object; an empty body is an empty object."""
        try:
            fields = json.loads(request.body or b"{}")
        except (ValueError, RecursionError) as error:
            raise Problem(400, "invalid_json", "The body is not JSON.") from error
        if not isinstance(fields, dict):
            raise Problem(400, "invalid_json", "The body must be a JSON object.")
        body = cls(fields)
        if body.boolean("livemode", default=False):
            raise Problem(400, "test_mode_only", "This bank knows test mode only.")
        return body

    def text(self, name: str, *, default: str | None = None, longest: int = 255) -> str:
        """A string; required unless there is a default."""
        value = self._take(name, default)
        if not isinstance(value, str) or (default is None and not value):
            raise self._wrong(name, "invalid", "must be a string that is not empty")
        if len(value) > longest or not value.isprintable():
            raise self._wrong(name, "invalid", f"must be at most {longest} printable characters")
        return value

    def choice(self, name: str, choices: Collection[str], *, default: str) -> str:
        """One of the given words."""
        value = self.text(name, default=default)
        if value not in choices:
            raise self._wrong(name, "invalid", f"must be one of {', '.join(choices)}")
        return value

    def boolean(self, name: str, *, default: bool) -> bool:
        """true or false."""
        value = self._take(name, default)
        if not isinstance(value, bool):
            raise self._wrong(name, "invalid", "must be true or false")
        return value

    def amount(self, name: str = "amount") -> int:
        """Positive integer minor units."""
        value = self.optional_amount(name)
        if value is None:
            raise self._wrong(name, "required", "is required")
        return value

    def optional_amount(self, name: str = "amount") -> int | None:
        """Positive integer minor units, or absent."""
        value = self._take(name, None)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_AMOUNT:
            raise self._wrong(name, "invalid_amount", f"must be an integer from 1 to {MAX_AMOUNT}")
        return value

    def integer(self, name: str, *, default: int | None = None) -> int:
        """An integer; required unless there is a default."""
        value = self._take(name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._wrong(name, "invalid", "must be an integer")
        return value

    def number(self, name: str, *, default: float) -> float:
        """A number."""
        value = self._take(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._wrong(name, "invalid", "must be a number")
        return float(value)

    def currency(self) -> str:
        """An ISO 4217 code, in capitals."""
        value = self.text("currency", longest=3)
        if value not in CURRENCIES:
            raise self._wrong("currency", "invalid_currency", "must be an ISO 4217 code in capitals")
        return value

    def texts(self, name: str) -> list[str]:
        """A list of strings; empty when absent."""
        value = self._take(name, [])
        if not isinstance(value, list) or len(value) > 100 or not all(isinstance(item, str) for item in value):
            raise self._wrong(name, "invalid", "must be a list of strings")
        return value

    def metadata(self) -> dict[str, str]:
        """Up to fifty short strings."""
        value = self._take("metadata", {})
        if (
            not isinstance(value, dict)
            or len(value) > 50
            or not all(isinstance(item, str) and len(item) <= 500 and len(key) <= 40 for key, item in value.items())
        ):
            raise self._wrong("metadata", "invalid", "must be at most 50 strings")
        return value

    def object(self, name: str) -> Body:
        """A nested object, required."""
        value = self._take(name, None)
        if not isinstance(value, dict):
            raise self._wrong(name, "required", "must be an object")
        return Body(value, f"{self._path}{name}.")

    def finish(self) -> None:
        """Refuse the fields that were not read."""
        for name in sorted(self._fields):
            raise self._wrong(name[:40], "unknown_field", "is not a known field")

    def _take(self, name: str, default: Any) -> Any:
        value = self._fields.pop(name, default)
        return default if value is None else value

    def _wrong(self, name: str, code: str, what: str) -> Problem:
        return invalid(f"{self._path}{name}", code, f"{self._path}{name} {what}.")
