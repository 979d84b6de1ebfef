"""Stop sending to an address for good."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from gateway.audit.services.record import record
from gateway.core.personal import erase_owner
from gateway.core.tenancy import Tenant
from webhooks import states
from webhooks.models import Endpoint, EndpointSecret
from webhooks.selectors.endpoints import endpoint_for_update
from webhooks.services.discard_pending import discard_pending


def delete_endpoint(*, tenant: Tenant, endpoint_id: UUID) -> Endpoint:
    """Mark the endpoint deleted: it gets no more events, its secrets are revoked, its deliveries stay readable."""
    with transaction.atomic():
        endpoint = endpoint_for_update(tenant, endpoint_id)
        states.ENDPOINT.require(endpoint.status, states.DELETED)
        endpoint.status = states.DELETED
        endpoint.version += 1
        endpoint.save(update_fields=["status", "version"])
        EndpointSecret.objects.filter(endpoint=endpoint).exclude(expires_at__lte=timezone.now()).update(
            expires_at=timezone.now()
        )
        discard_pending(endpoint_id=endpoint.id)
        erase_owner(endpoint.id)
        record(
            action="webhook_endpoint.deleted", subject_type="webhook_endpoint", subject_id=endpoint.id, tenant=tenant
        )
    return endpoint
