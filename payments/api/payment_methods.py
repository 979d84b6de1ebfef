"""Payment methods over the API."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.api.idempotent import IdempotentMixin
from gateway.api.views import GatewayView
from gateway.core import clock, ids
from payments.api import loaders
from payments.api.serializers import AttachInput, NothingInput, PaymentMethodFilters
from payments.api.shown import PaymentMethodShown
from payments.selectors.customers import get_payment_method, list_payment_methods
from payments.selectors.representations import payment_method_object
from payments.services.attach_payment_method import attach_payment_method
from payments.services.detach_payment_method import detach_payment_method


class PaymentMethods(GatewayView):
    """The merchant's payment methods."""

    required_permission = "payments:read"
    expandable = {"customer": loaders.CUSTOMER}
    filters = PaymentMethodFilters

    @extend_schema(operation_id="list_payment_methods", responses={200: PaymentMethodShown(many=True)})
    def get(self, request: Request) -> Response:
        """List payment methods, newest first."""
        return self.page(list_payment_methods(self.tenant), payment_method_object)


class PaymentMethodDetail(GatewayView):
    """One payment method."""

    required_permission = "payments:read"
    expandable = {"customer": loaders.CUSTOMER}

    @extend_schema(operation_id="get_payment_method", responses={200: PaymentMethodShown})
    def get(self, request: Request, payment_method: str) -> Response:
        """Get a payment method."""
        method_id = ids.from_public("pm", payment_method)
        return self.answer(payment_method_object(get_payment_method(self.tenant, method_id)))


class PaymentMethodAttachment(IdempotentMixin, GatewayView):
    """A method kept for a customer."""

    required_permission = "payments:write"
    idempotency_key = "accepted"

    @extend_schema(operation_id="attach_payment_method", request=AttachInput, responses={200: PaymentMethodShown})
    def post(self, request: Request, payment_method: str) -> Response:
        """Save a payment method for a customer."""
        asked = self.body(AttachInput)
        method_id = ids.from_public("pm", payment_method)
        return self.idempotent(
            request,
            run=lambda call: attach_payment_method(
                tenant=self.tenant, payment_method_id=method_id, now=clock.now(), call=call, **asked
            ),
            render=payment_method_object,
            status=200,
        )


class PaymentMethodDetachment(IdempotentMixin, GatewayView):
    """A method that is not charged any more."""

    required_permission = "payments:write"
    idempotency_key = "accepted"

    @extend_schema(operation_id="detach_payment_method", request=NothingInput, responses={200: PaymentMethodShown})
    def post(self, request: Request, payment_method: str) -> Response:
        """Never charge this payment method again."""
        self.body(NothingInput)
        method_id = ids.from_public("pm", payment_method)
        return self.idempotent(
            request,
            run=lambda call: detach_payment_method(
                tenant=self.tenant, payment_method_id=method_id, now=clock.now(), call=call
            ),
            render=payment_method_object,
            status=200,
        )
