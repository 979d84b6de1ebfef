"""What this app refuses on purpose."""

from gateway.core.errors import Conflict, Invalid


class EndpointNotEnabled(Conflict):
    """Nothing is sent to an endpoint that is paused, disabled or deleted."""

    code = "endpoint_not_enabled"
    message = "This webhook endpoint is not enabled, so nothing can be sent to it."


class DeliveryPending(Conflict):
    """The delivery is under way already; it will be tried again by itself."""

    code = "delivery_pending"
    message = "This delivery is still under way. It will be tried again by itself."


class TooManyEndpoints(Conflict):
    """The merchant has as many endpoints as one may have."""

    code = "too_many_webhook_endpoints"
    message = "This merchant has 50 webhook endpoints already. Delete one first."


class EventNotVerified(Invalid):
    """The signature does not match the raw bytes, or its time is more than five minutes off. Nothing was kept."""

    code = "bad_signature"
    message = "The signature does not match, or its time is too far off."
