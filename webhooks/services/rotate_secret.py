"""Give an endpoint a new signing secret while the old one still signs."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from gateway.audit.services.record import record
from gateway.core.opening import NO_CALL, OpeningCall
from gateway.core.tenancy import Tenant
from webhooks.models import EndpointSecret
from webhooks.rules.signatures import new_secret
from webhooks.selectors.endpoints import endpoint_for_update
from webhooks.services.add_secret import add_secret
from webhooks.services.create_endpoint import CreatedEndpoint


def rotate_secret(
    *, tenant: Tenant, endpoint_id: UUID, overlap: timedelta | None = None, call: OpeningCall = NO_CALL
) -> CreatedEndpoint:
    """Make a new secret. The present one signs beside it for `overlap` (24 h unless told; zero revokes it at once).

    Never more than two sign: a rotation during a rotation ends the oldest at once.
    """
    period = timedelta(hours=settings.WEBHOOK_SECRET_OVERLAP_HOURS) if overlap is None else overlap
    with transaction.atomic():
        call.begin()
        endpoint = endpoint_for_update(tenant, endpoint_id)
        at = timezone.now()
        live = list(EndpointSecret.objects.filter(endpoint=endpoint).exclude(expires_at__lte=at).order_by("-id"))
        for index, row in enumerate(live):
            row.expires_at = at + period if index == 0 else at
            row.save(update_fields=["expires_at"])
        secret = new_secret()
        add_secret(endpoint=endpoint, secret=secret)
        endpoint.version = F("version") + 1
        endpoint.save(update_fields=["version"])
        endpoint.refresh_from_db()
        record(
            action="webhook_endpoint.secret_rotated",
            subject_type="webhook_endpoint",
            subject_id=endpoint.id,
            tenant=tenant,
            data={"overlap_s": int(period.total_seconds())},
        )
        rotated = CreatedEndpoint(endpoint, secret)
        call.remember(rotated)
    return rotated
