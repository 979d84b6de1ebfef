"""Orders over the API."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.api.idempotent import IdempotentMixin
from gateway.api.views import GatewayView
from gateway.core import clock, ids
from payments.api import loaders
from payments.api.serializers import CreateOrderInput, NothingInput, OrderFilters, PaymentFilters
from payments.api.shown import OrderShown, PaymentShown
from payments.selectors.orders import get_order, list_orders
from payments.selectors.payments import payments_of_order, with_operations
from payments.selectors.representations import listed_payment, order_object
from payments.services.cancel_order import cancel_order
from payments.services.create_order import create_order

EXPAND = {"customer": loaders.CUSTOMER, "latest_payment": loaders.PAYMENT}


class Orders(IdempotentMixin, GatewayView):
    """The merchant's orders, and new ones."""

    required_permission = {"GET": "orders:read", "POST": "orders:write"}
    expandable = EXPAND
    filters = OrderFilters

    @extend_schema(operation_id="list_orders", responses={200: OrderShown(many=True)})
    def get(self, request: Request) -> Response:
        """List orders, newest first."""
        return self.page(list_orders(self.tenant), order_object)

    @extend_schema(operation_id="create_order", request=CreateOrderInput, responses={201: OrderShown})
    def post(self, request: Request) -> Response:
        """Create an order; its `checkout_url` is the page to send the customer to."""
        asked = self.body(CreateOrderInput)
        return self.idempotent(
            request,
            run=lambda call: create_order(tenant=self.tenant, now=clock.now(), call=call, **asked),
            render=order_object,
        )


class OrderDetail(GatewayView):
    """One order."""

    required_permission = "orders:read"
    expandable = EXPAND

    @extend_schema(operation_id="get_order", responses={200: OrderShown})
    def get(self, request: Request, order: str) -> Response:
        """Get an order."""
        return self.answer(order_object(get_order(self.tenant, ids.from_public("ord", order))))


class OrderCancellation(IdempotentMixin, GatewayView):
    """An order's end by the merchant."""

    required_permission = "orders:write"
    idempotency_key = "accepted"

    @extend_schema(operation_id="cancel_order", request=NothingInput, responses={200: OrderShown})
    def post(self, request: Request, order: str) -> Response:
        """Cancel an order. Refused while one of its payments is under way."""
        self.body(NothingInput)
        order_id = ids.from_public("ord", order)
        return self.idempotent(
            request,
            run=lambda call: cancel_order(tenant=self.tenant, order_id=order_id, now=clock.now(), call=call),
            render=order_object,
            status=200,
        )


class OrderPayments(GatewayView):
    """The attempts to pay an order."""

    required_permission = "payments:read"
    filters = PaymentFilters

    @extend_schema(operation_id="list_order_payments", responses={200: PaymentShown(many=True)})
    def get(self, request: Request, order: str) -> Response:
        """List the payments of an order, newest first."""
        found = get_order(self.tenant, ids.from_public("ord", order))
        return self.page(with_operations(payments_of_order(found)), listed_payment)
