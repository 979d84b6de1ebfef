"""`/webhook_endpoints`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.api.idempotent import IdempotentMixin
from gateway.api.views import GatewayView
from gateway.core import clock
from gateway.core.ids import from_public
from gateway.events.selectors.events import event_object
from webhooks.api.schemas import EventShown, WebhookEndpointDeleted, WebhookEndpointRevealed, WebhookEndpointShown
from webhooks.api.serializers import EndpointChange, EndpointInput, NothingInput, RotationInput
from webhooks.models import Endpoint
from webhooks.selectors.endpoints import endpoints_of, get_endpoint
from webhooks.selectors.representations import endpoint_object
from webhooks.services.create_endpoint import CreatedEndpoint, create_endpoint
from webhooks.services.delete_endpoint import delete_endpoint
from webhooks.services.rotate_secret import rotate_secret
from webhooks.services.send_test_event import send_test_event
from webhooks.services.update_endpoint import update_endpoint

PERMISSIONS = {"GET": "webhooks:read", "POST": "webhooks:write", "PATCH": "webhooks:write", "DELETE": "webhooks:write"}


def _without_secret(created: CreatedEndpoint) -> dict[str, Any]:
    return endpoint_object(created.endpoint)


def _with_secret(created: CreatedEndpoint) -> dict[str, Any]:
    return endpoint_object(created.endpoint, secret=created.secret)


class EndpointsView(IdempotentMixin, GatewayView):
    """The merchant's endpoints."""

    required_permission = PERMISSIONS
    idempotency_key = "accepted"

    @extend_schema(operation_id="list_webhook_endpoints", responses={200: WebhookEndpointShown(many=True)})
    def get(self, request: Request) -> Response:
        """List webhook endpoints, newest first."""
        return self.page(endpoints_of(self.tenant).order_by(), endpoint_object)

    @extend_schema(
        operation_id="create_webhook_endpoint", request=EndpointInput, responses={201: WebhookEndpointRevealed}
    )
    def post(self, request: Request) -> Response:
        """Create a webhook endpoint. The answer shows its secret, this once."""
        values = self.body(EndpointInput)
        return self.idempotent(
            request,
            run=lambda call: create_endpoint(tenant=self.tenant, now=clock.now(), call=call, **values),
            render=_without_secret,
            reveal=_with_secret,
        )


class EndpointView(GatewayView):
    """One endpoint."""

    required_permission = PERMISSIONS

    @extend_schema(operation_id="get_webhook_endpoint", responses={200: WebhookEndpointShown})
    def get(self, request: Request, endpoint: str) -> Response:
        """Get a webhook endpoint."""
        return self.answer(endpoint_object(get_endpoint(self.tenant, from_public(Endpoint.ID_PREFIX, endpoint))))

    @extend_schema(
        operation_id="update_webhook_endpoint", request=EndpointChange, responses={200: WebhookEndpointShown}
    )
    def patch(self, request: Request, endpoint: str) -> Response:
        """Change a webhook endpoint, pause it or enable it again."""
        values = self.body(EndpointChange)
        endpoint_id = from_public(Endpoint.ID_PREFIX, endpoint)
        update_endpoint(tenant=self.tenant, endpoint_id=endpoint_id, **values)
        return self.answer(endpoint_object(get_endpoint(self.tenant, endpoint_id)))

    @extend_schema(operation_id="delete_webhook_endpoint", responses={200: WebhookEndpointDeleted})
    def delete(self, request: Request, endpoint: str) -> Response:
        """Delete a webhook endpoint. Its deliveries stay readable."""
        deleted = delete_endpoint(tenant=self.tenant, endpoint_id=from_public(Endpoint.ID_PREFIX, endpoint))
        return self.answer({"id": deleted.public_id, "object": "webhook_endpoint", "deleted": True})


class RotateSecretView(IdempotentMixin, GatewayView):
    """A new secret for an endpoint."""

    required_permission = "webhooks:write"
    idempotency_key = "accepted"

    @extend_schema(
        operation_id="rotate_webhook_endpoint_secret", request=RotationInput, responses={200: WebhookEndpointRevealed}
    )
    def post(self, request: Request, endpoint: str) -> Response:
        """Rotate the signing secret. Both sign for 24 h unless told; the answer shows the new one, this once."""
        hours = self.body(RotationInput).get("overlap_hours")
        return self.idempotent(
            request,
            run=lambda call: rotate_secret(
                tenant=self.tenant,
                endpoint_id=from_public(Endpoint.ID_PREFIX, endpoint),
                overlap=None if hours is None else timedelta(hours=hours),
                call=call,
            ),
            render=_without_secret,
            reveal=_with_secret,
            status=200,
        )


class TestEventView(IdempotentMixin, GatewayView):
    """A test event for an endpoint."""

    required_permission = "webhooks:write"
    idempotency_key = "accepted"

    @extend_schema(operation_id="send_test_event", request=NothingInput, responses={201: EventShown})
    def post(self, request: Request, endpoint: str) -> Response:
        """Send a `webhook_endpoint.test` event to this endpoint alone."""
        self.body(NothingInput)
        return self.idempotent(
            request,
            run=lambda call: send_test_event(
                tenant=self.tenant, endpoint_id=from_public(Endpoint.ID_PREFIX, endpoint), now=clock.now(), call=call
            ),
            render=event_object,
        )
