"""Reading anomalies."""

from __future__ import annotations

from django.db.models import QuerySet, Sum

from gateway.core.tenancy import Tenant
from payments.models import Anomaly


def list_anomalies(tenant: Tenant) -> QuerySet[Anomaly]:
    """The merchant's anomalies in this mode, unordered."""
    return Anomaly.objects.for_merchant(tenant)


def open_anomalies() -> QuerySet[Anomaly]:
    """What waits for a person, of all merchants."""
    return Anomaly.objects.unscoped("audits look at every merchant").filter(resolved_at=None)


def suspended_so_far(tenant: Tenant, *, provider_object: str, kind: str) -> int:
    """How much of this provider object stands in suspense for this reason, resolved or not; never negative."""
    rows = list_anomalies(tenant).filter(provider_object=provider_object, kind=kind)
    total: int | None = rows.aggregate(total=Sum("amount"))["total"]
    return abs(total or 0)
