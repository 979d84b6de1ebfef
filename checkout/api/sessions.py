"""Checkout sessions over the API."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from checkout.api.serializers import CreateSessionInput, ExpireSessionInput, SessionShown
from checkout.models import CheckoutSession
from checkout.selectors.representations import session_object
from checkout.selectors.sessions import list_sessions_with_attempts, session_of_merchant
from checkout.services.create_session import create_session
from checkout.services.expire_session import expire_session
from checkout.services.follow_session import follow_session
from gateway.api.idempotent import IdempotentMixin
from gateway.api.views import GatewayView
from gateway.core import clock, ids


class CheckoutSessions(IdempotentMixin, GatewayView):
    """The merchant's sessions, and new ones."""

    required_permission = {"GET": "checkout:read", "POST": "orders:write"}

    @extend_schema(operation_id="list_checkout_sessions", responses={200: SessionShown(many=True)})
    def get(self, request: Request) -> Response:
        """List checkout sessions, newest first."""
        rows = list_sessions_with_attempts(self.tenant)
        return self.page(rows, lambda session: session_object(session, attempts=session.attempts_made))

    @extend_schema(operation_id="create_checkout_session", request=CreateSessionInput, responses={201: SessionShown})
    def post(self, request: Request) -> Response:
        """Create a session for an order. Send the customer to its `url`."""
        asked: dict[str, Any] = self.body(CreateSessionInput)
        order_id = asked.pop("order")
        return self.idempotent(
            request,
            run=lambda call: create_session(tenant=self.tenant, order_id=order_id, now=clock.now(), call=call, **asked),
            render=session_object,
        )


class CheckoutSessionDetail(GatewayView):
    """One session."""

    required_permission = "checkout:read"
    caller_classes = frozenset({"secret", "dashboard", "publishable"})

    @extend_schema(operation_id="get_checkout_session", responses={200: SessionShown})
    def get(self, request: Request, session: str) -> Response:
        """Get a checkout session."""
        found = session_of_merchant(self.tenant, ids.from_public(CheckoutSession.ID_PREFIX, session))
        return self.answer(session_object(follow_session(session=found, now=clock.now()).session))


class CheckoutSessionExpiry(IdempotentMixin, GatewayView):
    """The end of an open session."""

    required_permission = "orders:write"
    idempotency_key = "accepted"

    @extend_schema(operation_id="expire_checkout_session", request=ExpireSessionInput, responses={200: SessionShown})
    def post(self, request: Request, session: str) -> Response:
        """Expire an open session. The order stays as it is."""
        self.body(ExpireSessionInput)
        session_id = ids.from_public(CheckoutSession.ID_PREFIX, session)
        return self.idempotent(
            request,
            run=lambda call: expire_session(tenant=self.tenant, session_id=session_id, now=clock.now(), call=call),
            render=session_object,
            status=200,
        )
