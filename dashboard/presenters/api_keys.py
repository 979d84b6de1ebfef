"""API keys as plain data for templates. There is no secret in them to show."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse

from merchants.models import ApiKey, PublishableKey
from merchants.rules.permissions import EVERYTHING


def api_key_row(key: ApiKey, at: datetime) -> dict[str, Any]:
    """A line of the list."""
    is_usable = key.is_usable(at)
    return {
        "id": key.public_id,
        "name": key.name,
        "key_id": key.key_id,
        "last4": key.secret_last4,
        "scopes": ["everything"] if EVERYTHING in key.scopes else key.scopes,
        "status": {"expiring": "active"}.get(key.status(at), key.status(at)),
        "created_at": key.created_at,
        "last_used_at": key.last_used_at,
        "expires_at": key.expires_at,
        "is_replaced": key.replaced_by_id is not None,
        "can_rotate": is_usable and key.replaced_by_id is None,
        "can_revoke": key.revoked_at is None and is_usable,
        "rotate_url": reverse("dashboard:api-key-rotate", args=[key.public_id]),
        "revoke_url": reverse("dashboard:api-key-revoke", args=[key.public_id]),
    }


def publishable_key_row(key: PublishableKey) -> dict[str, Any]:
    """A key that may stand in a page, whole."""
    return {"name": key.name, "value": key.value, "last_used_at": key.last_used_at, "is_revoked": bool(key.revoked_at)}
