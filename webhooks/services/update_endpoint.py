"""Change where events go, which ones, or whether."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from gateway.audit.services.record import record
from gateway.core.tenancy import Tenant
from webhooks import states
from webhooks.models import Endpoint, EndpointHealth
from webhooks.selectors.endpoints import endpoint_for_update
from webhooks.services.create_endpoint import check_endpoint_input
from webhooks.services.discard_pending import discard_pending


def update_endpoint(
    *,
    tenant: Tenant,
    endpoint_id: UUID,
    url: str | None = None,
    enabled_events: Sequence[str] | None = None,
    description: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    status: str | None = None,
) -> Endpoint:
    """Change what is given and leave the rest. `status` may be enabled, paused or disabled.

    Pausing or disabling discards what is waiting; enabling starts with a clean bill of health, and what was missed can
    be replayed.
    """
    with transaction.atomic():
        endpoint = endpoint_for_update(tenant, endpoint_id)
        changed = [
            name
            for name, value in {
                "url": url,
                "enabled_events": enabled_events,
                "description": description,
                "metadata": metadata,
                "status": status,
            }.items()
            if value is not None and value != getattr(endpoint, name)
        ]
        if "status" in changed and status is not None:
            _change_status(endpoint, status)
        if "url" in changed or "enabled_events" in changed:
            check_endpoint_input(
                url=endpoint.url if url is None else url,
                enabled_events=endpoint.enabled_events if enabled_events is None else enabled_events,
                livemode=endpoint.livemode,
            )
        endpoint.url = endpoint.url if url is None else url
        endpoint.description = endpoint.description if description is None else description
        endpoint.metadata = endpoint.metadata if metadata is None else dict(metadata)
        if enabled_events is not None and "enabled_events" in changed:
            endpoint.enabled_events = list(dict.fromkeys(enabled_events))
            endpoint.filter_since = timezone.now()
        if changed:
            endpoint.version += 1
            endpoint.save()
            record(
                action="webhook_endpoint.updated",
                subject_type="webhook_endpoint",
                subject_id=endpoint.id,
                tenant=tenant,
                data={"changed": sorted(changed), "status": endpoint.status},
            )
    return endpoint


def _change_status(endpoint: Endpoint, status: str) -> None:
    states.ENDPOINT.require(endpoint.status, status)
    endpoint.status = status
    endpoint.disabled_reason = "by_merchant" if status == states.DISABLED else ""
    if status == states.ENABLED:
        endpoint.enabled_since = timezone.now()
        EndpointHealth.objects.filter(endpoint=endpoint).update(
            consecutive_failures=0, failing_since=None, warned_at=None, slowed_until=None
        )
    else:
        discard_pending(endpoint_id=endpoint.id)
