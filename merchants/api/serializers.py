"""What the endpoints of this app read and how they show it."""

from typing import Any

from django.utils import timezone
from rest_framework import serializers

from gateway.api.serializers import StrictBooleanField, StrictIntegerField, StrictSerializer, TextField, TypeIdField
from merchants.models import ApiKey

MAX_OVERLAP_S = 7 * 24 * 3600


class CreateApiKeyInput(StrictSerializer):
    """`POST /api/v1/api_keys`."""

    name = TextField(max_length=80)
    scopes = serializers.ListField(
        child=TextField(max_length=40), required=False, allow_null=True, min_length=1, max_length=40
    )
    expires_at = serializers.DateTimeField(required=False, allow_null=True)


class RotateApiKeyInput(StrictSerializer):
    """`POST /api/v1/api_keys/{id}/rotate`."""

    overlap_seconds = StrictIntegerField(required=False, min_value=0, max_value=MAX_OVERLAP_S, default=24 * 3600)


class NothingInput(StrictSerializer):
    """An action that needs no words."""


class SignInInput(StrictSerializer):
    """`POST /auth/token`."""

    email = TextField(max_length=254)
    password = TextField(max_length=1024, trim_whitespace=False)
    merchant = TypeIdField("mer", required=False, allow_null=True)
    livemode = StrictBooleanField(required=False, default=False)


class RefreshInput(StrictSerializer):
    """`POST /auth/token/refresh` and `/auth/token/revoke`."""

    refresh = TextField(max_length=4096)


class ApiKeyShown(serializers.Serializer[Any]):
    """An API key in answers: for the description of the API; `api_key_object` makes the real thing."""

    id = serializers.CharField()
    object = serializers.ChoiceField(choices=["api_key"])
    livemode = serializers.BooleanField()
    name = serializers.CharField()
    key_id = serializers.CharField(help_text="What you send as the user name.")
    secret_last4 = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    status = serializers.ChoiceField(choices=["active", "expiring", "expired", "revoked"])
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)
    replaced_by = serializers.CharField(allow_null=True)
    version = serializers.IntegerField()


class ApiKeyRevealed(ApiKeyShown):
    """The same, this once with its secret."""

    secret = serializers.CharField(required=False, help_text="Shown once; a replayed answer leaves it out.")


class TokensShown(serializers.Serializer[Any]):
    """A pair of tokens."""

    object = serializers.ChoiceField(choices=["token_pair"])
    access = serializers.CharField()
    refresh = serializers.CharField()
    token_type = serializers.ChoiceField(choices=["Bearer"])
    expires_in = serializers.IntegerField(help_text="Seconds that `access` is good for.")
    refresh_expires_in = serializers.IntegerField()
    session = serializers.CharField()
    merchant = serializers.CharField()
    livemode = serializers.BooleanField()


def api_key_object(key: ApiKey) -> dict[str, Any]:
    """An API key as the API shows it; never its secret."""
    return {
        "id": key.public_id,
        "object": "api_key",
        "livemode": key.livemode,
        "name": key.name,
        "key_id": key.key_id,
        "secret_last4": key.secret_last4,
        "scopes": key.scopes,
        "status": key.status(timezone.now()),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
        "replaced_by": None if key.replaced_by is None else key.replaced_by.public_id,
        "version": key.version,
    }
