"""The names that the first integrations know (`/api/payments/...`): the same services, the same answers."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.core import ids
from payments.api.payments import PaymentDetail, PaymentVerb
from payments.api.serializers import ConfirmByIdInput, CreatePaymentInput
from payments.api.shown import IntegrationPaymentShown
from payments.models import Payment
from payments.selectors.payments import get_payment
from payments.selectors.representations import payment_object
from payments.services.confirm_payment import confirm_payment
from payments.services.create_payment import create_payment


def integration_object(payment: Payment) -> dict[str, Any]:
    """The payment, with its id under the name `transactionId` too."""
    return {"transactionId": payment.public_id, **payment_object(payment)}


class InitiatePayment(PaymentVerb):
    """`POST /api/payments/initiate`."""

    @extend_schema(
        operation_id="initiate_payment", request=CreatePaymentInput, responses={201: IntegrationPaymentShown}
    )
    def post(self, request: Request) -> Response:
        """Create a payment."""
        return self.perform(request, create_payment, status=201, **self.body(CreatePaymentInput))

    def render(self, payment: Payment) -> dict[str, Any]:
        """With `transactionId`."""
        return integration_object(payment)


class ConfirmPayment(PaymentVerb):
    """`POST /api/payments/confirm`."""

    @extend_schema(
        operation_id="confirm_payment_by_transaction",
        request=ConfirmByIdInput,
        responses={200: IntegrationPaymentShown},
    )
    def post(self, request: Request) -> Response:
        """Confirm a payment that was created with `confirm: false`."""
        return self.perform(request, confirm_payment, **self.body(ConfirmByIdInput))

    def render(self, payment: Payment) -> dict[str, Any]:
        """With `transactionId`."""
        return integration_object(payment)


class PaymentByTransaction(PaymentDetail):
    """`GET /api/payments/{transactionId}`."""

    @extend_schema(operation_id="get_payment_by_transaction", responses={200: IntegrationPaymentShown})
    def get(self, request: Request, payment: str) -> Response:
        """Get a payment."""
        return self.answer(integration_object(get_payment(self.tenant, ids.from_public("pay", payment))))
