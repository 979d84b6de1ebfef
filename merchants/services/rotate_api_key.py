"""A new secret for an old key, with time to move over."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from gateway.audit.services.record import record
from gateway.core.opening import NO_CALL, OpeningCall
from gateway.core.tenancy import Tenant
from merchants.errors import ApiKeyNotUsable
from merchants.models import ApiKey
from merchants.rules.permissions import KEY_PERMISSIONS
from merchants.selectors.api_keys import api_key_for_update
from merchants.services.create_api_key import issue_api_key, require_held

DEFAULT_OVERLAP = timedelta(hours=24)


def rotate_api_key(
    *,
    tenant: Tenant,
    api_key_id: UUID,
    overlap: timedelta = DEFAULT_OVERLAP,
    held: frozenset[str] = KEY_PERMISSIONS,
    call: OpeningCall = NO_CALL,
) -> tuple[ApiKey, str]:
    """Replace a key by one with the same name, scopes and expiry; the old one works for `overlap` more, and no longer.

    Returns the new key and its secret. Raises `NotFound`, `ApiKeyNotUsable` for a key that is revoked, expired or
    replaced already, and `ScopesBeyondCaller` when the key may do more than the caller.
    """
    with transaction.atomic():
        call.begin()
        old = api_key_for_update(tenant, api_key_id)
        moment = timezone.now()
        if not old.is_usable(moment) or old.replaced_by_id is not None:
            raise ApiKeyNotUsable
        require_held(scopes=old.scopes, held=held)
        new, secret = issue_api_key(tenant=tenant, name=old.name, scopes=old.scopes, expires_at=old.expires_at)
        old.replaced_by = new
        old.expires_at = min(moment + overlap, old.expires_at or moment + overlap)
        old.version += 1
        old.save(update_fields=["replaced_by", "expires_at", "version"])
        record(
            action="api_key.rotated",
            subject_type="api_key",
            subject_id=old.id,
            tenant=tenant,
            data={"key_id": old.key_id, "replaced_by": new.key_id, "overlap_s": int(overlap.total_seconds())},
        )
        call.remember((new, secret))
    return new, secret
