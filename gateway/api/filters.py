"""Filters of lists: each is a field of a serializer, and its `source` is the lookup that it becomes.

class PaymentFilters(MoneyFilters):
    status = ChoicesField(PAYMENT.states)
    customer = TypeIdField("cus", source="customer_id", required=False)
    search_in = ("order__reference", "description")
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.db.models import Model, Q, QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from gateway.api.serializers import CurrencyField, MetadataField, StrictSerializer, TextField
from gateway.core.money import MAX_AMOUNT

_METADATA = re.compile(r"^metadata\[(.{1,40})\]$", re.DOTALL)


@extend_schema_field({"type": "integer", "format": "int64", "minimum": 0, "maximum": MAX_AMOUNT})
class AmountText(serializers.Field[int, Any, int, Any]):
    """An amount of minor units in a query string: digits only."""

    default_error_messages = {"not_an_integer": "Write the amount as a whole number of minor units."}

    def to_internal_value(self, data: Any) -> int:
        """The amount."""
        if not (isinstance(data, str) and data.isascii() and data.isdigit() and len(data) <= 15):
            self.fail("not_an_integer")
        return int(data)

    def to_representation(self, value: Any) -> int:
        """The amount."""
        return int(value)


@extend_schema_field({"type": "string", "enum": ["true", "false"]})
class BooleanText(serializers.Field[bool, Any, bool, Any]):
    """`true` or `false` in a query string."""

    default_error_messages = {"not_a_boolean": "Write true or false."}

    def to_internal_value(self, data: Any) -> bool:
        """The truth value."""
        if data not in ("true", "false"):
            self.fail("not_a_boolean")
        return bool(data == "true")

    def to_representation(self, value: Any) -> bool:
        """The truth value."""
        return bool(value)


class ChoicesField(TextField):
    """One of these words, or several with commas between; any of them matches. The lookup is `<field name>__in`."""

    default_error_messages = {"unknown_choice": "Not one of: {choices}."}

    def __init__(self, choices: Iterable[str], **options: Any) -> None:
        self.words = tuple(str(choice) for choice in choices)
        super().__init__(**{"required": False} | options)

    def bind(self, field_name: str, parent: Any) -> None:
        """Look for any of the words unless a `source` was given."""
        if self.source is None:
            self.source = f"{field_name}__in"
        super().bind(field_name, parent)

    def to_internal_value(self, data: Any) -> Any:
        """The words."""
        words = [word.strip() for word in super().to_internal_value(data).split(",")]
        if any(word not in self.words for word in words):
            self.fail("unknown_choice", choices=", ".join(self.words))
        return words


class ListFilters(StrictSerializer):
    """What every list can be filtered by."""

    # Lookups that `q` searches, in any case.
    search_in: ClassVar[tuple[str, ...]] = ()

    created_gte = serializers.DateTimeField(
        source="created_at__gte", required=False, help_text="Created then or later."
    )
    created_lt = serializers.DateTimeField(source="created_at__lt", required=False, help_text="Created before then.")
    q = TextField(required=False, max_length=200, help_text="Free text.")

    @classmethod
    def apply(cls, rows: QuerySet[Any], parameters: Mapping[str, str]) -> QuerySet[Any]:
        """The rows that the query parameters ask for; a wrong or unknown parameter raises DRF's ValidationError."""
        checked = cls(data=_gathered(parameters))
        checked.is_valid(raise_exception=True)
        lookups: dict[str, Any] = dict(checked.validated_data)
        text = lookups.pop("q", "")
        found: QuerySet[Model] = rows.filter(**lookups)
        return found.filter(cls.matching(text)) if text else found

    @classmethod
    def matching(cls, text: str) -> Q:
        """The condition that `q` stands for."""
        condition = Q(pk__in=())
        for lookup in cls.search_in:
            condition |= Q(**{f"{lookup}__icontains": text})
        return condition


class MoneyFilters(ListFilters):
    """What lists of things with an amount can be filtered by."""

    currency = CurrencyField(required=False)
    amount_gte = AmountText(source="amount__gte", required=False)
    amount_lte = AmountText(source="amount__lte", required=False)
    metadata = MetadataField(
        source="metadata__contains", required=False, help_text="`metadata[key]=value`; several are all demanded."
    )


def _gathered(parameters: Mapping[str, str]) -> dict[str, Any]:
    """The parameters with every `metadata[key]` put together under `metadata`."""
    plain: dict[str, Any] = {}
    metadata: dict[str, str] = {}
    for name, value in parameters.items():
        if found := _METADATA.match(name):
            metadata[found.group(1)] = value
        else:
            plain[name] = value
    return ({"metadata": metadata} if metadata else {}) | plain  # a bare `metadata` stays what it is: refused
