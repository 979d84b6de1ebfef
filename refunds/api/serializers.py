"""What the API takes in and shows about refunds."""

from __future__ import annotations

from rest_framework import serializers

from gateway.api.filters import ChoicesField, MoneyFilters
from gateway.api.serializers import AmountField, MetadataField, StrictSerializer, TypeIdField
from refunds import states


class RefundInput(StrictSerializer):
    """A new refund; without an amount everything that is left."""

    payment = TypeIdField("pay")
    amount = AmountField(required=False)
    reason = serializers.ChoiceField(choices=states.REASONS, required=False)
    metadata = MetadataField(required=False)


class NothingInput(StrictSerializer):
    """An action without parameters."""


class RefundFilters(MoneyFilters):
    """What the list can be filtered by."""

    status = ChoicesField(states.REFUND.states)
    payment = TypeIdField("pay", source="payment_id", required=False)
    order = TypeIdField("ord", source="order_id", required=False)
    search_in = ("provider_reference", "reason")


class RefundFailureShown(serializers.Serializer[object]):
    """Why a refund failed."""

    code = serializers.CharField()
    message = serializers.CharField()


class RefundShown(serializers.Serializer[object]):
    """Captured money on its way back."""

    id = serializers.CharField()
    object = serializers.CharField()
    livemode = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    metadata = serializers.DictField(child=serializers.CharField())
    version = serializers.IntegerField()
    payment = serializers.CharField()
    order = serializers.CharField()
    amount = serializers.IntegerField()
    currency = serializers.CharField()
    status = serializers.ChoiceField(choices=states.REFUND.states)
    reason = serializers.CharField(allow_null=True)
    external = serializers.BooleanField()
    fee_returned = serializers.IntegerField(
        help_text="What came back of our fee, where the merchant's policy returns it."
    )
    failure = RefundFailureShown(allow_null=True)
    provider_reference = serializers.CharField(allow_null=True)
