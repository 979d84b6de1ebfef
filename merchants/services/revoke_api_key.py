"""End a key at once."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from gateway.audit.services.record import record
from gateway.core.opening import NO_CALL, OpeningCall
from gateway.core.tenancy import Tenant
from merchants.models import ApiKey
from merchants.selectors.api_keys import api_key_for_update


def revoke_api_key(*, tenant: Tenant, api_key_id: UUID, call: OpeningCall = NO_CALL) -> ApiKey:
    """Revoke a key: requests with it are refused from now on. Twice changes nothing more. Raises `NotFound`."""
    with transaction.atomic():
        call.begin()
        key = api_key_for_update(tenant, api_key_id)
        if key.revoked_at is None:
            key.revoked_at = timezone.now()
            key.version += 1
            key.save(update_fields=["revoked_at", "version"])
            record(
                action="api_key.revoked",
                subject_type="api_key",
                subject_id=key.id,
                tenant=tenant,
                data={"key_id": key.key_id},
            )
        call.remember(key)
    return key
