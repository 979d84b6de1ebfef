"""A new API key."""

import secrets
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from gateway.audit.services.record import record
from gateway.core.errors import Invalid
from gateway.core.opening import NO_CALL, OpeningCall
from gateway.core.secrets import hash_secret
from gateway.core.tenancy import Tenant
from merchants.errors import ScopesBeyondCaller
from merchants.models import ApiKey
from merchants.rules import credentials
from merchants.rules.permissions import EVERYTHING, KEY_PERMISSIONS, granted_to_key


def create_api_key(
    *,
    tenant: Tenant,
    name: str,
    scopes: Iterable[str] | None = None,
    expires_at: datetime | None = None,
    held: frozenset[str] = KEY_PERMISSIONS,
    call: OpeningCall = NO_CALL,
) -> tuple[ApiKey, str]:
    """Create a key and its secret, which is returned here and never again.

    `scopes` are permission names; None means everything that a key may do. `held` is what the caller may do: nobody can
    hand out more (`ScopesBeyondCaller`). Raises `Invalid` for an unknown scope or an expiry in the past.
    """
    wanted = sorted(set(scopes)) if scopes is not None else [EVERYTHING]
    unknown = [scope for scope in wanted if scope not in KEY_PERMISSIONS and scope != EVERYTHING]
    if unknown or not wanted:
        raise Invalid.field(
            "scopes", "unknown_scope", f"Not a scope of API keys: {', '.join(unknown) or 'none given'}."
        )
    if expires_at is not None and expires_at <= timezone.now():
        raise Invalid.field("expires_at", "in_the_past", "A key cannot expire in the past.")
    require_held(scopes=wanted, held=held)
    with transaction.atomic():
        call.begin()
        key, secret = issue_api_key(tenant=tenant, name=name, scopes=wanted, expires_at=expires_at)
        record(
            action="api_key.created",
            subject_type="api_key",
            subject_id=key.id,
            tenant=tenant,
            data={"key_id": key.key_id, "scopes": wanted},
        )
        call.remember((key, secret))
    return key, secret


def require_held(*, scopes: Iterable[str], held: frozenset[str]) -> None:
    """Raise `ScopesBeyondCaller` unless whoever holds `held` may hand out these scopes."""
    beyond = sorted(granted_to_key(scopes) - held)
    if beyond:
        raise ScopesBeyondCaller(beyond=beyond)


def issue_api_key(*, tenant: Tenant, name: str, scopes: list[str], expires_at: datetime | None) -> tuple[ApiKey, str]:
    """Write a key's row: for verbs that make a key as part of something else, in their transaction."""
    secret = credentials.key_secret(secrets.token_bytes(32), livemode=tenant.livemode)
    key = ApiKey.objects.unscoped("a new key of this very tenant").create(
        merchant_id=tenant.merchant_id,
        livemode=tenant.livemode,
        name=name,
        key_id=credentials.key_id(secrets.token_bytes(16), livemode=tenant.livemode),
        secret_hash=hash_secret(secret),
        secret_last4=secret[-4:],
        scopes=scopes,
        expires_at=expires_at,
    )
    return key, secret
