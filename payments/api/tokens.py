"""Tokens over the API: the one place where a card number may be sent."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.api.idempotent import refuse_idempotency_key
from gateway.api.views import GatewayView
from gateway.core import clock
from payments.api.serializers import CreateTokenInput
from payments.api.shown import TokenShown
from payments.providers.base import CardInput, UpiInput
from payments.rules.cards import bare_number, full_year
from payments.selectors.representations import token_object
from payments.services.create_token import create_token


class Tokens(GatewayView):
    """New tokens; made with a secret or a publishable key, without an idempotency key."""

    required_permission = "tokens:write"
    caller_classes = frozenset({"secret", "publishable", "dashboard"})
    card_fields = ("card.number",)

    @extend_schema(operation_id="create_token", request=CreateTokenInput, responses={201: TokenShown})
    def post(self, request: Request) -> Response:
        """Exchange card or UPI details for a token, which pays once within 15 minutes."""
        refuse_idempotency_key(request)
        method = _method(self.body(CreateTokenInput))
        token = create_token(tenant=self.tenant, method=method, now=clock.now())
        return self.answer(token_object(token), status=201)


def _method(asked: dict[str, Any]) -> CardInput | UpiInput:
    if asked["type"] == "upi":
        return UpiInput(vpa=asked["upi"]["vpa"])
    card = asked["card"]
    return CardInput(
        number=bare_number(card["number"]),
        exp_month=card["exp_month"],
        exp_year=full_year(card["exp_year"]),
        cvc=card.get("cvc"),
        holder_name=card.get("holder_name", ""),
        postal_code=card.get("postal_code", ""),
        line1=card.get("line1", ""),
    )
