"""Record what should not be, for a person to look at."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from gateway.core.tenancy import Tenant
from payments.models import Anomaly
from payments.services.announce_anomaly import announce_anomaly


def open_anomaly(
    *,
    tenant: Tenant,
    kind: str,
    subject_type: str,
    subject_id: UUID,
    detail: str,
    amount: int = 0,
    currency: str = "",
    provider_account_id: UUID | None = None,
    provider_object: str = "",
    now: datetime,
) -> Anomaly:
    """The open anomaly of this kind and subject, made if there is none. Never raises for what a provider did.

    `amount` is what stands in suspense because of it (negative: out); such an anomaly is always a row of its own.
    """
    if amount == 0:
        rows = Anomaly.objects.for_merchant(tenant).filter(kind=kind, subject_id=subject_id, resolved_at=None)
        if (known := rows.first()) is not None:
            return known
    anomaly = Anomaly(
        merchant_id=tenant.merchant_id,
        livemode=tenant.livemode,
        kind=kind,
        subject_type=subject_type,
        subject_id=subject_id,
        detail=detail[:1000],
        amount=amount,
        currency=currency,
        provider_account_id=provider_account_id,
        provider_object=provider_object,
        created_at=now,
    )
    with transaction.atomic():
        anomaly.save(force_insert=True)
        announce_anomaly(anomaly=anomaly, verb="opened", now=now)
    return anomaly
