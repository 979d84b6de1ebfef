"""What the API takes in about endpoints, deliveries and events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from gateway.api.filters import AmountText, ChoicesField, ListFilters
from gateway.api.serializers import (
    MetadataField,
    StrictBooleanField,
    StrictIntegerField,
    StrictSerializer,
    TextField,
    TypeIdField,
)
from webhooks import states
from webhooks.models import Endpoint

_SETTABLE_STATUSES = (states.ENABLED, states.PAUSED, states.DISABLED)
_MAX_OVERLAP_HOURS = 24 * 7


class EndpointInput(StrictSerializer):
    """A new endpoint."""

    url = TextField(max_length=2000)
    enabled_events = serializers.ListField(
        child=TextField(max_length=100), min_length=1, max_length=100, required=False
    )
    description = TextField(max_length=500, allow_blank=True, required=False)
    metadata = MetadataField(required=False)


class EndpointChange(StrictSerializer):
    """What may be changed of an endpoint."""

    url = TextField(max_length=2000, required=False)
    enabled_events = serializers.ListField(
        child=TextField(max_length=100), min_length=1, max_length=100, required=False
    )
    description = TextField(max_length=500, allow_blank=True, required=False)
    metadata = MetadataField(required=False)
    status = serializers.ChoiceField(choices=_SETTABLE_STATUSES, required=False)


class RotationInput(StrictSerializer):
    """How long the present secret signs beside the new one; 0 revokes it at once."""

    overlap_hours = StrictIntegerField(min_value=0, max_value=_MAX_OVERLAP_HOURS, required=False)


class NothingInput(StrictSerializer):
    """An action without parameters."""


class DeliveryFilters(ListFilters):
    """What the list of deliveries can be filtered by."""

    status = ChoicesField(states.DELIVERY.states)
    event = TypeIdField("evt", source="event_id", required=False)
    event_type = TextField(max_length=64, required=False)
    endpoint = TypeIdField(Endpoint.ID_PREFIX, source="endpoint_id", required=False)
    search_in = ("event_type", "last_error")


class EndpointDeliveryFilters(ListFilters):
    """What the list of an endpoint's deliveries can be filtered by; `after_seq` turns it round, for polling."""

    after_seq = AmountText(source="sequence__gt", required=False, help_text="Numbers after this one, in their order.")
    status = ChoicesField(states.DELIVERY.states)
    event_type = TextField(max_length=64, required=False)
    search_in = ("event_type", "last_error")


class EventFilters(ListFilters):
    """What the list of events can be filtered by."""

    type = TextField(max_length=64, required=False, help_text="A type, or a family such as `payment.*`.")
    status = TextField(max_length=32, required=False)
    created_gte = serializers.DateTimeField(source="timestamp__gte", required=False)
    created_lt = serializers.DateTimeField(source="timestamp__lt", required=False)
    search_in = ("type",)

    @classmethod
    def apply(cls, rows: QuerySet[Any], parameters: Mapping[str, str]) -> QuerySet[Any]:
        """The rows that the query parameters ask for; a family of types becomes a prefix."""
        kind = parameters.get("type", "")
        if not kind.endswith("*"):
            return super().apply(rows, parameters)
        rest = {name: value for name, value in parameters.items() if name != "type"}
        return super().apply(rows, rest).filter(type__startswith=kind[:-1])


class ReplayInput(StrictSerializer):
    """To which endpoint one event is sent again; to all that want it when not said."""

    endpoint = TypeIdField(Endpoint.ID_PREFIX, required=False)


class RangeReplayInput(ReplayInput):
    """Which events of which time are sent again."""

    types = serializers.ListField(child=TextField(max_length=100), min_length=1, max_length=100, required=False)
    created_gte = serializers.DateTimeField()
    created_lt = serializers.DateTimeField(required=False)
    undelivered_only = StrictBooleanField(required=False)
