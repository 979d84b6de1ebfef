"""API keys over the API."""

from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.api.idempotent import IdempotentMixin
from gateway.api.views import GatewayView
from gateway.core import ids
from merchants.api.serializers import (
    ApiKeyRevealed,
    ApiKeyShown,
    CreateApiKeyInput,
    NothingInput,
    RotateApiKeyInput,
    api_key_object,
)
from merchants.models import ApiKey
from merchants.selectors.api_keys import api_keys_of, get_api_key
from merchants.services.create_api_key import create_api_key
from merchants.services.revoke_api_key import revoke_api_key
from merchants.services.rotate_api_key import rotate_api_key


class ApiKeys(IdempotentMixin, GatewayView):
    """All keys of the merchant in this mode, and new ones."""

    required_permission = {"GET": "keys:read", "POST": "keys:write"}
    idempotency_key = "accepted"

    @extend_schema(operation_id="list_api_keys", responses={200: ApiKeyShown(many=True)})
    def get(self, request: Request) -> Response:
        """List API keys, newest first. Secrets are never shown again."""
        return self.page(api_keys_of(self.tenant).select_related("replaced_by"), api_key_object)

    @extend_schema(operation_id="create_api_key", request=CreateApiKeyInput, responses={201: ApiKeyRevealed})
    def post(self, request: Request) -> Response:
        """Create an API key. The answer is the only place where its `secret` is ever shown."""
        asked = self.body(CreateApiKeyInput)
        held = self.principal.permissions
        return self.idempotent(
            request,
            run=lambda call: create_api_key(tenant=self.tenant, held=held, call=call, **asked),
            render=_kept,
            reveal=_revealed,
        )


class ApiKeyDetail(GatewayView):
    """One key."""

    required_permission = "keys:read"

    @extend_schema(operation_id="get_api_key", responses={200: ApiKeyShown})
    def get(self, request: Request, api_key: str) -> Response:
        """Get an API key."""
        return self.answer(api_key_object(get_api_key(self.tenant, ids.from_public(ApiKey.ID_PREFIX, api_key))))


class ApiKeyRotation(IdempotentMixin, GatewayView):
    """A key's replacement."""

    required_permission = "keys:write"
    idempotency_key = "accepted"

    @extend_schema(operation_id="rotate_api_key", request=RotateApiKeyInput, responses={201: ApiKeyRevealed})
    def post(self, request: Request, api_key: str) -> Response:
        """Make a new key in the place of this one, which works for `overlap_seconds` more (24 hours unless told)."""
        overlap = timedelta(seconds=self.body(RotateApiKeyInput)["overlap_seconds"])
        api_key_id = ids.from_public(ApiKey.ID_PREFIX, api_key)
        held = self.principal.permissions
        return self.idempotent(
            request,
            run=lambda call: rotate_api_key(
                tenant=self.tenant, api_key_id=api_key_id, overlap=overlap, held=held, call=call
            ),
            render=_kept,
            reveal=_revealed,
        )


class ApiKeyRevocation(IdempotentMixin, GatewayView):
    """A key's end."""

    required_permission = "keys:write"
    idempotency_key = "accepted"

    @extend_schema(operation_id="revoke_api_key", request=NothingInput, responses={200: ApiKeyShown})
    def post(self, request: Request, api_key: str) -> Response:
        """Revoke an API key, at once and for good."""
        self.body(NothingInput)
        api_key_id = ids.from_public(ApiKey.ID_PREFIX, api_key)
        return self.idempotent(
            request,
            run=lambda call: revoke_api_key(tenant=self.tenant, api_key_id=api_key_id, call=call),
            render=api_key_object,
            status=200,
        )


def _kept(issued: tuple[ApiKey, str]) -> dict[str, Any]:
    return api_key_object(issued[0])


def _revealed(issued: tuple[ApiKey, str]) -> dict[str, Any]:
    return api_key_object(issued[0]) | {"secret": issued[1]}
