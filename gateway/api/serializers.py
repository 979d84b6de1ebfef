"""Strict input: a field that is not known, or not exactly of its type, is refused and named."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from gateway.core import ids
from gateway.core.currencies import is_currency
from gateway.core.errors import NotFound
from gateway.core.money import MAX_AMOUNT

MAX_METADATA_KEYS = 50
MAX_METADATA_KEY_LENGTH = 40
MAX_METADATA_VALUE_LENGTH = 500


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses unknown fields (code `unknown_field`) at every level that is one of these."""

    def to_internal_value(self, data: Any) -> Any:
        """The validated values; every wrong field is reported at once, unknown ones included."""
        problems: dict[str, Any] = {}
        values: Any = {}
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            if not isinstance(error.detail, dict):
                raise
            problems.update(error.detail)
        if isinstance(data, Mapping):
            for name in data:
                if name not in self.fields:
                    message = "There is no such field."
                    problems[str(name)] = [serializers.ErrorDetail(message, code="unknown_field")]
        if problems:
            raise serializers.ValidationError(problems)
        return values


@extend_schema_field({"type": "integer", "format": "int64", "minimum": 1, "maximum": MAX_AMOUNT})
class AmountField(serializers.Field[int, Any, int, Any]):
    """An integer of minor units, 1 to 999 999 999 999. Text, floats (`10.0`, `1e3`) and booleans are refused."""

    default_error_messages = {
        "not_an_integer": "Write the amount as a whole number of minor units, e.g. 4999 for EUR 49.99.",
        "too_small": "The amount must be at least {min}.",
        "too_large": f"The amount must be at most {MAX_AMOUNT}.",
    }

    def __init__(self, *, minimum: int = 1, **options: Any) -> None:
        self.minimum = minimum
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> int:
        """The amount."""
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("not_an_integer")
        if data < self.minimum:
            self.fail("too_small", min=self.minimum)
        if data > MAX_AMOUNT:
            self.fail("too_large")
        return data

    def to_representation(self, value: Any) -> int:
        """The amount."""
        return int(value)


class StrictIntegerField(serializers.IntegerField):
    """An integer that was written as one: no text, no float, no boolean."""

    def to_internal_value(self, data: Any) -> int:
        """The number."""
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictBooleanField(serializers.BooleanField):
    """`true` or `false`; not "yes", not 1."""

    def to_internal_value(self, data: Any) -> bool:
        """The truth value."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class TextField(serializers.CharField):
    """Text that was sent as text: numbers and booleans are refused, not converted."""

    def to_internal_value(self, data: Any) -> str:
        """The text, without surrounding blanks unless `trim_whitespace=False`."""
        # A number that was not written as an integer is a `str` subclass of the parser's: it is no text either.
        if type(data) is not str:
            self.fail("invalid")
        return str(super().to_internal_value(data))


@extend_schema_field({"type": "string", "pattern": "^[A-Z]{3}$", "example": "EUR"})
class CurrencyField(TextField):
    """An ISO 4217 code, upper case."""

    default_error_messages = {"unknown_currency": "Not a currency that people can pay in (ISO 4217, upper case)."}

    def to_internal_value(self, data: Any) -> str:
        """The code."""
        code = super().to_internal_value(data)
        if not is_currency(code):
            self.fail("unknown_currency")
        return code


@extend_schema_field(
    {
        "type": "object",
        "maxProperties": MAX_METADATA_KEYS,
        "additionalProperties": {"type": "string", "maxLength": MAX_METADATA_VALUE_LENGTH},
    }
)
class MetadataField(serializers.Field[dict[str, str], Any, dict[str, str], Any]):
    """Up to 50 pairs of text: keys up to 40 characters, values up to 500."""

    default_error_messages = {
        "not_an_object": "Metadata is an object of text values.",
        "too_many_keys": f"At most {MAX_METADATA_KEYS} keys.",
        "bad_key": f"A metadata key has 1 to {MAX_METADATA_KEY_LENGTH} characters.",
        "bad_value": f"A metadata value is text of at most {MAX_METADATA_VALUE_LENGTH} characters.",
    }

    def to_internal_value(self, data: Any) -> dict[str, str]:
        """The pairs."""
        if not isinstance(data, dict):
            self.fail("not_an_object")
        if len(data) > MAX_METADATA_KEYS:
            self.fail("too_many_keys")
        for key, value in data.items():
            if not 1 <= len(key) <= MAX_METADATA_KEY_LENGTH:
                self.fail("bad_key")
            if type(value) is not str or len(value) > MAX_METADATA_VALUE_LENGTH:
                self.fail("bad_value")
        return dict(data)

    def to_representation(self, value: Any) -> dict[str, str]:
        """The pairs."""
        return dict(value)


@extend_schema_field({"type": "string", "pattern": "^[a-z]+_[0-7][0-9a-hjkmnp-tv-z]{25}$"})
class TypeIdField(serializers.Field[UUID, Any, str, Any]):
    """The id of an object of one kind (`pay_...`), as its UUID. Whether it exists is the service's question."""

    default_error_messages = {"bad_id": "Not the id of such an object: it starts with `{prefix}_`."}

    def __init__(self, prefix: str, **options: Any) -> None:
        self.prefix = prefix
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> UUID:
        """The UUID."""
        try:
            return ids.from_public(self.prefix, data if type(data) is str else "")
        except NotFound:
            self.fail("bad_id", prefix=self.prefix)

    def to_representation(self, value: Any) -> str:
        """The TypeID."""
        return ids.to_public(self.prefix, value)


def validated(serializer: type[StrictSerializer], data: Any = empty) -> dict[str, Any]:
    """What `serializer` makes of `data`; raises DRF's ValidationError, which becomes a 400 that names the fields."""
    checked = serializer(data=data)
    checked.is_valid(raise_exception=True)
    values: dict[str, Any] = checked.validated_data
    return values
