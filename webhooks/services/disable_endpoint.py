"""Stop sending to an endpoint that asked for it or has failed for days."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db import transaction

from gateway.audit.services.record import record
from gateway.core.errors import NotFound
from gateway.core.personal import has_personal, new_data_key
from gateway.core.tenancy import Tenant
from gateway.events.models import Event
from gateway.events.services.emit import emit
from webhooks import states
from webhooks.models import Endpoint
from webhooks.selectors.endpoints import endpoint_for_update
from webhooks.selectors.representations import endpoint_object
from webhooks.services.discard_pending import discard_pending


def disable_endpoint(
    *, tenant: Tenant, endpoint_id: UUID, url: str, reason: Literal["gone", "failing"], now: datetime
) -> bool:
    """Disable the endpoint at this address, discard what waits for it and tell the merchant's other endpoints; whether
    it is disabled. Twice is the same as once; an endpoint that was deleted or moved meanwhile stays as it is.
    """
    with transaction.atomic():
        try:
            endpoint = endpoint_for_update(tenant, endpoint_id)
        except NotFound:
            return False
        if endpoint.url != url:
            return False
        if endpoint.status == states.DISABLED:
            return True
        states.ENDPOINT.require(endpoint.status, states.DISABLED)
        endpoint.status = states.DISABLED
        endpoint.disabled_reason = reason
        endpoint.version += 1
        endpoint.save(update_fields=["status", "disabled_reason", "version"])
        discarded = discard_pending(endpoint_id=endpoint.id)
        record(
            action="webhook_endpoint.disabled",
            subject_type="webhook_endpoint",
            subject_id=endpoint.id,
            tenant=tenant,
            data={"reason": reason, "discarded": discarded},
        )
        announce(endpoint, event_type="webhook_endpoint.disabled", now=now)
    return True


def announce(endpoint: Endpoint, *, event_type: str, now: datetime) -> Event:
    """Write an event about the endpoint itself; its own deliveries start discarded when it is not enabled.

    What its metadata says of a person is sealed with a key of the endpoint's own, which goes when it is deleted.
    """
    shown = endpoint_object(endpoint)
    return emit(
        type=event_type,
        tenant=endpoint.tenant,
        subject_type="webhook_endpoint",
        subject_id=endpoint.id,
        data_object=shown,
        amount=None,
        currency=None,
        status=endpoint.status,
        data_key_id=new_data_key(owner_id=endpoint.id) if has_personal(shown) else None,
        now=now,
    )
