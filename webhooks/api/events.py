"""`/events`."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.api.idempotent import IdempotentMixin
from gateway.api.views import GatewayView
from gateway.core.errors import NotFound
from gateway.core.ids import from_public
from gateway.events.models import Event
from gateway.events.selectors.events import event_object
from webhooks.api.schemas import EventShown, ReplayShown
from webhooks.api.serializers import EventFilters, RangeReplayInput, ReplayInput
from webhooks.selectors.endpoints import get_endpoint
from webhooks.services.replay_events import replay_events


class EventsView(GatewayView):
    """What happened."""

    required_permission = "events:read"
    filters = EventFilters

    @extend_schema(operation_id="list_events", responses={200: EventShown(many=True)})
    def get(self, request: Request) -> Response:
        """List events, newest first. `type` may be a family such as `payment.*`."""
        return self.page(Event.objects.for_merchant(self.tenant), event_object)


class EventView(GatewayView):
    """One event."""

    required_permission = "events:read"

    @extend_schema(operation_id="get_event", responses={200: EventShown})
    def get(self, request: Request, event: str) -> Response:
        """Get an event, as its deliveries carry it."""
        rows = Event.objects.for_merchant(self.tenant)
        found = rows.filter(id=from_public(Event.ID_PREFIX, event)).first()
        if found is None:
            raise NotFound
        return self.answer(event_object(found))


def _replayed(started: int) -> dict[str, Any]:
    return {"object": "replay", "deliveries": started}


class ReplayEventView(IdempotentMixin, GatewayView):
    """Sending one event again."""

    required_permission = "webhooks:write"
    idempotency_key = "accepted"

    @extend_schema(operation_id="replay_event", request=ReplayInput, responses={200: ReplayShown})
    def post(self, request: Request, event: str) -> Response:
        """Send an event again, to every enabled endpoint that wants it or to one."""
        endpoint_id = self.body(ReplayInput).get("endpoint")
        event_id = from_public(Event.ID_PREFIX, event)
        if not Event.objects.for_merchant(self.tenant).filter(id=event_id).exists():
            raise NotFound
        if endpoint_id is not None:
            get_endpoint(self.tenant, endpoint_id)
        return self.idempotent(
            request,
            run=lambda call: replay_events(
                tenant=self.tenant, event_ids=[event_id], endpoint_id=endpoint_id, call=call
            ),
            render=_replayed,
            status=200,
        )


class ReplayEventsView(IdempotentMixin, GatewayView):
    """Sending many events again."""

    required_permission = "webhooks:write"
    idempotency_key = "accepted"

    @extend_schema(operation_id="replay_events", request=RangeReplayInput, responses={200: ReplayShown})
    def post(self, request: Request) -> Response:
        """Send again the events of a time range, of some types, to all endpoints or one; only the undelivered if
        asked.
        """
        values = self.body(RangeReplayInput)
        endpoint_id = values.get("endpoint")
        if endpoint_id is not None:
            get_endpoint(self.tenant, endpoint_id)
        return self.idempotent(
            request,
            run=lambda call: replay_events(
                tenant=self.tenant,
                types=values.get("types", ["*"]),
                since=values["created_gte"],
                until=values.get("created_lt"),
                endpoint_id=endpoint_id,
                undelivered_only=values.get("undelivered_only", False),
                call=call,
            ),
            render=_replayed,
            status=200,
        )
