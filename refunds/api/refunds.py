"""`/refunds`."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.api.idempotent import IdempotentMixin
from gateway.api.views import GatewayView
from gateway.core import clock
from gateway.core.ids import from_public
from payments.selectors.payments import get_payment
from refunds import states
from refunds.api.serializers import NothingInput, RefundFilters, RefundInput, RefundShown
from refunds.models import Refund
from refunds.selectors.refunds import get_refund, refunds_of
from refunds.selectors.representations import refund_object
from refunds.services.cancel_refund import cancel_refund
from refunds.services.create_refund import create_refund


class RefundsView(IdempotentMixin, GatewayView):
    """The merchant's refunds."""

    required_permission = {"GET": "refunds:read", "POST": "refunds:write"}
    idempotency_key = "required"
    can_wait = True
    filters = RefundFilters

    @extend_schema(operation_id="list_refunds", responses={200: RefundShown(many=True)})
    def get(self, request: Request) -> Response:
        """List refunds, newest first."""
        return self.page(refunds_of(self.tenant), refund_object)

    @extend_schema(operation_id="create_refund", request=RefundInput, responses={201: RefundShown})
    def post(self, request: Request) -> Response:
        """Refund a payment, in full or in part. The amount is reserved at once; the bank is asked right after."""
        values = self.body(RefundInput)
        payment_id = values.pop("payment")
        return self.idempotent(
            request,
            run=lambda call: create_refund(
                tenant=self.tenant, payment_id=payment_id, now=clock.now(), call=call, **values
            ),
            render=refund_object,
            settled=self._settled,
            reload=self._reload,
            data_key=lambda refund: get_payment(self.tenant, refund.payment_id).data_key_id,
        )

    def _reload(self, refund_id: UUID) -> Refund:
        return get_refund(self.tenant, refund_id)

    def _settled(self, refund: Refund) -> Refund | None:
        present = self._reload(refund.id)
        return None if present.status in (states.PENDING, states.PROCESSING) else present


class RefundView(GatewayView):
    """One refund."""

    required_permission = "refunds:read"

    @extend_schema(operation_id="get_refund", responses={200: RefundShown})
    def get(self, request: Request, refund: str) -> Response:
        """Get a refund."""
        return self.answer(refund_object(get_refund(self.tenant, from_public(Refund.ID_PREFIX, refund))))


class CancelRefundView(IdempotentMixin, GatewayView):
    """Taking a refund back."""

    required_permission = "refunds:write"
    idempotency_key = "required"

    @extend_schema(operation_id="cancel_refund", request=NothingInput, responses={200: RefundShown})
    def post(self, request: Request, refund: str) -> Response:
        """Cancel a refund that has not been sent to the bank yet."""
        self.body(NothingInput)
        return self.idempotent(
            request,
            run=lambda call: cancel_refund(
                tenant=self.tenant, refund_id=from_public(Refund.ID_PREFIX, refund), now=clock.now(), call=call
            ),
            render=refund_object,
            status=200,
            data_key=lambda refund: get_payment(self.tenant, refund.payment_id).data_key_id,
        )
