"""Reads of endpoints and their secrets."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from gateway.core.errors import NotFound
from gateway.core.secrets import unseal
from gateway.core.tenancy import Tenant
from webhooks import states
from webhooks.models import Endpoint, EndpointSecret


def endpoints_of(tenant: Tenant) -> QuerySet[Endpoint]:
    """The merchant's endpoints, newest first, without the deleted ones."""
    return Endpoint.objects.for_merchant(tenant).exclude(status=states.DELETED).select_related("health").order_by("-id")


def get_endpoint(tenant: Tenant, endpoint_id: UUID) -> Endpoint:
    """One endpoint of this merchant; NotFound otherwise."""
    endpoint = endpoints_of(tenant).filter(id=endpoint_id).first()
    if endpoint is None:
        raise NotFound
    return endpoint


def endpoint_for_update(tenant: Tenant, endpoint_id: UUID) -> Endpoint:
    """The endpoint's row, locked; NotFound when it is deleted or another merchant's."""
    rows = Endpoint.objects.for_merchant(tenant).exclude(status=states.DELETED)
    endpoint = rows.select_for_update(no_key=True).filter(id=endpoint_id).first()
    if endpoint is None:
        raise NotFound
    return endpoint


def live_secrets(endpoint_id: UUID, *, at: datetime) -> list[str]:
    """The secrets that sign at that (real) time, oldest first."""
    rows = EndpointSecret.objects.filter(endpoint_id=endpoint_id).filter(
        Q(expires_at__isnull=True) | Q(expires_at__gt=at)
    )
    return [unseal(row.sealed, bound_to=row.bound_to).decode() for row in rows.order_by("id")]
