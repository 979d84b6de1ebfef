"""What the API shows of endpoints, deliveries and events: for its description."""

from __future__ import annotations

from rest_framework import serializers

from webhooks import states


class HealthShown(serializers.Serializer[object]):
    """How an endpoint has been answering."""

    state = serializers.ChoiceField(
        choices=("untested", "healthy", "degraded", "failing", states.PAUSED, states.DISABLED)
    )
    slowed_until = serializers.DateTimeField(allow_null=True)
    consecutive_failures = serializers.IntegerField()
    failing_since = serializers.DateTimeField(allow_null=True)
    will_be_disabled_at = serializers.DateTimeField(allow_null=True)
    last_attempt_at = serializers.DateTimeField(allow_null=True)
    last_success_at = serializers.DateTimeField(allow_null=True)
    last_response_status = serializers.IntegerField(allow_null=True)


class WebhookEndpointShown(serializers.Serializer[object]):
    """A webhook endpoint."""

    id = serializers.CharField()
    object = serializers.CharField()
    livemode = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    metadata = serializers.DictField(child=serializers.CharField())
    version = serializers.IntegerField()
    url = serializers.URLField()
    description = serializers.CharField()
    enabled_events = serializers.ListField(child=serializers.CharField())
    status = serializers.ChoiceField(choices=(states.ENABLED, states.PAUSED, states.DISABLED))
    disabled_reason = serializers.ChoiceField(choices=("gone", "failing", "by_merchant"), allow_null=True)
    health = HealthShown()


class WebhookEndpointRevealed(WebhookEndpointShown):
    """A webhook endpoint with its signing secret, which is shown this once."""

    secret = serializers.CharField()


class WebhookEndpointDeleted(serializers.Serializer[object]):
    """What is left of a deleted endpoint."""

    id = serializers.CharField()
    object = serializers.CharField()
    deleted = serializers.BooleanField()


class DeliveryShown(serializers.Serializer[object]):
    """One event on its way to one endpoint."""

    id = serializers.CharField()
    object = serializers.CharField()
    livemode = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    metadata = serializers.DictField(child=serializers.CharField())
    version = serializers.IntegerField()
    event = serializers.CharField()
    event_type = serializers.CharField()
    endpoint = serializers.CharField()
    sequence = serializers.IntegerField()
    status = serializers.ChoiceField(choices=states.DELIVERY.states)
    attempts = serializers.IntegerField()
    next_attempt_at = serializers.DateTimeField(allow_null=True)
    response_status = serializers.IntegerField(allow_null=True)
    last_error = serializers.CharField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)


class DeliveryAttemptShown(serializers.Serializer[object]):
    """One attempt: what was sent in the headers, what came back, how long it took."""

    id = serializers.CharField()
    object = serializers.CharField()
    number = serializers.IntegerField()
    started_at = serializers.DateTimeField()
    elapsed_ms = serializers.IntegerField(allow_null=True)
    url = serializers.CharField()
    request_headers = serializers.DictField(child=serializers.CharField())
    response_status = serializers.IntegerField(allow_null=True)
    response_headers = serializers.DictField(child=serializers.CharField())
    response_body = serializers.CharField()
    error_code = serializers.CharField(allow_null=True)
    error = serializers.CharField(allow_null=True)


class DeliveryWithAttempts(DeliveryShown):
    """A delivery with its history."""

    attempt_history = DeliveryAttemptShown(many=True)


class EventDataShown(serializers.Serializer[object]):
    """The object as it was, and what of it changed."""

    object = serializers.DictField()
    previous = serializers.DictField(allow_null=True)


class EventShown(serializers.Serializer[object]):
    """Something that happened: immutable, and the same bytes that a delivery carries."""

    id = serializers.CharField()
    object = serializers.CharField()
    type = serializers.CharField()
    event = serializers.CharField()
    timestamp = serializers.DateTimeField()
    api_version = serializers.CharField()
    livemode = serializers.BooleanField()
    amount = serializers.IntegerField(allow_null=True)
    currency = serializers.CharField(allow_null=True)
    status = serializers.CharField(allow_null=True)
    data = EventDataShown()  # type: ignore[assignment]  # the name of the field, not the serializer's property


class ReplayShown(serializers.Serializer[object]):
    """How many deliveries start."""

    object = serializers.CharField()
    deliveries = serializers.IntegerField()
