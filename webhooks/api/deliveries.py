"""`/webhook_endpoints/{id}/deliveries` and `/deliveries`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.api.fields import Expansion
from gateway.api.idempotent import IdempotentMixin
from gateway.api.pagination import Page, read_limit
from gateway.api.views import LIST_PARAMETERS, GatewayView
from gateway.core.ids import from_public
from gateway.core.tenancy import Tenant
from gateway.events.models import Event
from gateway.events.selectors.events import event_object
from webhooks.api.schemas import DeliveryShown, DeliveryWithAttempts
from webhooks.api.serializers import DeliveryFilters, EndpointDeliveryFilters, NothingInput
from webhooks.models import Delivery, Endpoint
from webhooks.selectors.deliveries import attempts_of, deliveries_of, get_delivery
from webhooks.selectors.endpoints import get_endpoint
from webhooks.selectors.representations import attempt_object, delivery_object
from webhooks.services.retry_delivery import retry_delivery


def _load_events(tenant: Tenant, ids: Sequence[str]) -> Mapping[str, dict[str, Any]]:
    """The events with these ids, for `?expand=event`."""
    wanted = [from_public(Event.ID_PREFIX, one) for one in ids]
    return {event.public_id: event_object(event) for event in Event.objects.for_merchant(tenant).filter(id__in=wanted)}


EXPAND = {"event": Expansion("events:read", _load_events)}


class EndpointDeliveriesView(GatewayView):
    """What an endpoint was to receive."""

    required_permission = "webhooks:read"
    expandable = EXPAND
    filters = EndpointDeliveryFilters

    @extend_schema(operation_id="list_endpoint_deliveries", responses={200: DeliveryShown(many=True)})
    def get(self, request: Request, endpoint: str) -> Response:
        """List an endpoint's deliveries, newest first; with `after_seq` in the order of their numbers, without gaps."""
        found = get_endpoint(self.tenant, from_public(Endpoint.ID_PREFIX, endpoint))
        rows = deliveries_of(self.tenant).filter(endpoint_id=found.id).order_by()
        asked = request.query_params
        if "after_seq" not in asked:
            return self.page(rows, delivery_object)
        own = {name: str(value) for name, value in asked.items() if name not in LIST_PARAMETERS}
        limit = read_limit(asked.get("limit"))
        taken = list(EndpointDeliveryFilters.apply(rows, own).order_by("sequence")[: limit + 1])
        page = Page([delivery_object(row) for row in taken[:limit]], len(taken) > limit, None)
        return Response(page.body() | {"data": self._shaped(page.data)})


class DeliveriesView(GatewayView):
    """Every delivery of the merchant."""

    required_permission = "webhooks:read"
    expandable = EXPAND
    filters = DeliveryFilters

    @extend_schema(operation_id="list_deliveries", responses={200: DeliveryShown(many=True)})
    def get(self, request: Request) -> Response:
        """List deliveries, newest first."""
        return self.page(deliveries_of(self.tenant).order_by(), delivery_object)


class DeliveryView(GatewayView):
    """One delivery."""

    required_permission = "webhooks:read"
    expandable = EXPAND

    @extend_schema(operation_id="get_delivery", responses={200: DeliveryWithAttempts})
    def get(self, request: Request, delivery: str) -> Response:
        """Get a delivery with every attempt: what was sent, what came back, how long it took."""
        found = get_delivery(self.tenant, from_public(Delivery.ID_PREFIX, delivery))
        history = {"attempt_history": [attempt_object(attempt) for attempt in attempts_of(found)]}
        return self.answer(delivery_object(found) | history)


class RetryDeliveryView(IdempotentMixin, GatewayView):
    """Sending a delivery again."""

    required_permission = "webhooks:write"
    idempotency_key = "accepted"

    @extend_schema(operation_id="retry_delivery", request=NothingInput, responses={200: DeliveryShown})
    def post(self, request: Request, delivery: str) -> Response:
        """Send a delivery (again) now, under its own number and the same `webhook-id`."""
        self.body(NothingInput)
        return self.idempotent(
            request,
            run=lambda call: retry_delivery(
                tenant=self.tenant, delivery_id=from_public(Delivery.ID_PREFIX, delivery), call=call
            ),
            render=delivery_object,
            status=200,
        )
