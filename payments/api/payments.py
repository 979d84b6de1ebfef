"""Payments over the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.api.idempotent import IdempotentMixin
from gateway.api.views import GatewayView
from gateway.core import clock, ids
from gateway.core.partitions import prune_floor
from gateway.events.selectors.events import event_object, list_events
from payments.api import loaders
from payments.api.serializers import (
    CapturePaymentInput,
    ConfirmPaymentInput,
    CreatePaymentInput,
    NothingInput,
    PaymentFilters,
)
from payments.api.shown import OperationShown, PaymentEventShown, PaymentShown
from payments.models import Payment
from payments.selectors.operations import operations_of
from payments.selectors.payments import get_payment, list_payments, settled_payment, with_operations
from payments.selectors.representations import listed_payment, operation_object, payment_object
from payments.services.cancel_payment import cancel_payment
from payments.services.capture_payment import capture_payment
from payments.services.confirm_payment import confirm_payment
from payments.services.create_payment import create_payment

EXPAND = {
    "order": loaders.ORDER,
    "customer": loaders.CUSTOMER,
    "payment_method": loaders.PAYMENT_METHOD,
    "operations": loaders.OPERATION,
}


class PaymentVerb(IdempotentMixin, GatewayView):
    """A write that ends in a payment, and may be held until the provider has answered."""

    required_permission: ClassVar[str | Mapping[str, str]] = "payments:write"
    can_wait = True

    def perform(self, request: Request, verb: Any, *, status: int = 200, **asked: Any) -> Response:
        """Call the service once per key and answer with the payment."""
        return self.idempotent(
            request,
            run=lambda call: verb(tenant=self.tenant, now=clock.now(), call=call, **asked),
            render=self.render,
            status=status,
            settled=settled_payment,
            reload=self.reload,
        )

    def render(self, payment: Payment) -> dict[str, Any]:
        """The payment as this route shows it."""
        return payment_object(payment)

    def reload(self, payment_id: UUID) -> Payment:
        """The payment of an earlier request with this key, as it is now."""
        return get_payment(self.tenant, payment_id)


class Payments(PaymentVerb):
    """The merchant's payments, and new ones."""

    required_permission = {"GET": "payments:read", "POST": "payments:write"}
    expandable = EXPAND
    filters = PaymentFilters

    @extend_schema(operation_id="list_payments", responses={200: PaymentShown(many=True)})
    def get(self, request: Request) -> Response:
        """List payments, newest first."""
        return self.page(with_operations(list_payments(self.tenant)), listed_payment)

    @extend_schema(operation_id="create_payment", request=CreatePaymentInput, responses={201: PaymentShown})
    def post(self, request: Request) -> Response:
        """Create a payment and, unless `confirm` is false, ask for the money.

        The answer comes at once with the status `processing`, or with the outcome when `Prefer: wait` is sent. A decline is
        not an error: the payment exists and its status is `failed`.
        """
        return self.perform(request, create_payment, status=201, **self.body(CreatePaymentInput))


class PaymentDetail(GatewayView):
    """One payment."""

    required_permission = "payments:read"
    expandable = EXPAND

    @extend_schema(operation_id="get_payment", responses={200: PaymentShown})
    def get(self, request: Request, payment: str) -> Response:
        """Get a payment."""
        return self.answer(payment_object(get_payment(self.tenant, ids.from_public("pay", payment))))


class PaymentConfirmation(PaymentVerb):
    """A prepared payment's start."""

    @extend_schema(operation_id="confirm_payment", request=ConfirmPaymentInput, responses={200: PaymentShown})
    def post(self, request: Request, payment: str) -> Response:
        """Confirm a payment that was created with `confirm: false`."""
        payment_id = ids.from_public("pay", payment)
        return self.perform(request, confirm_payment, payment_id=payment_id, **self.body(ConfirmPaymentInput))


class PaymentCapture(PaymentVerb):
    """Money taken from an authorisation."""

    required_permission = "payments:capture"

    @extend_schema(operation_id="capture_payment", request=CapturePaymentInput, responses={200: PaymentShown})
    def post(self, request: Request, payment: str) -> Response:
        """Capture what is authorised, or part of it; `final` gives the rest back."""
        payment_id = ids.from_public("pay", payment)
        return self.perform(request, capture_payment, payment_id=payment_id, **self.body(CapturePaymentInput))


class PaymentCancellation(PaymentVerb):
    """A payment's end by the merchant."""

    @extend_schema(operation_id="cancel_payment", request=NothingInput, responses={200: PaymentShown})
    def post(self, request: Request, payment: str) -> Response:
        """Cancel a payment and give back what is authorised. A customer who approved first has paid."""
        payment_id = ids.from_public("pay", payment)
        return self.perform(request, cancel_payment, payment_id=payment_id, **self.body(NothingInput))


class PaymentOperations(GatewayView):
    """What the provider was asked about a payment."""

    required_permission = "payments:read"

    @extend_schema(operation_id="list_payment_operations", responses={200: OperationShown(many=True)})
    def get(self, request: Request, payment: str) -> Response:
        """List a payment's operations, newest first."""
        found = get_payment(self.tenant, ids.from_public("pay", payment))
        return self.page(operations_of(found), operation_object)


class PaymentEvents(GatewayView):
    """What was told about a payment."""

    required_permission = "events:read"

    @extend_schema(operation_id="list_payment_events", responses={200: PaymentEventShown(many=True)})
    def get(self, request: Request, payment: str) -> Response:
        """List a payment's events, newest first."""
        found = get_payment(self.tenant, ids.from_public("pay", payment))
        rows = list_events(self.tenant).filter(subject_id=found.id, id__gte=prune_floor(found.id))
        return self.page(rows, event_object)
