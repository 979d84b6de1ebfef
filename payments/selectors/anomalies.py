"""Reading anomalies."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Count, OuterRef, QuerySet, Sum

from gateway.core.tenancy import Tenant
from payments.errors import AnomalyNotFound
from payments.models import Anomaly


def list_anomalies(tenant: Tenant) -> QuerySet[Anomaly]:
    """The merchant's anomalies in this mode, unordered."""
    return Anomaly.objects.for_merchant(tenant)


def get_anomaly(tenant: Tenant, anomaly_id: UUID) -> Anomaly:
    """The merchant's anomaly. Raises `AnomalyNotFound`."""
    anomaly = list_anomalies(tenant).filter(id=anomaly_id).first()
    if anomaly is None:
        raise AnomalyNotFound
    return anomaly


def anomaly_for_update(tenant: Tenant, anomaly_id: UUID) -> Anomaly:
    """The same, locked: two people who resolve it stand in line. Raises `AnomalyNotFound`."""
    anomaly = list_anomalies(tenant).select_for_update().filter(id=anomaly_id).first()
    if anomaly is None:
        raise AnomalyNotFound
    return anomaly


def open_by_kind() -> dict[str, float]:
    """How many anomalies of everybody wait for a person, by their kind."""
    rows = Anomaly.objects.unscoped("an alarm of the whole gateway").filter(resolved_at=None).order_by()
    return dict(rows.values_list("kind").annotate(Count("id")))


def was_opened(tenant: Tenant, *, kind: str, subject_id: UUID) -> bool:
    """Whether there is, or was, an anomaly of this kind about this object."""
    return list_anomalies(tenant).filter(kind=kind, subject_id=subject_id).exists()


def subjects_of(*, kind: str, subject_type: str) -> QuerySet[Anomaly]:
    """The ids of every merchant's objects that have, or had, an anomaly of this kind: a subquery for sweeps."""
    rows = Anomaly.objects.unscoped("a sweep serves every merchant").filter(kind=kind, subject_type=subject_type)
    return rows.filter(subject_id=OuterRef("id"))


def suspended_so_far(tenant: Tenant, *, provider_object: str, kind: str) -> int:
    """How much of this provider object stands in suspense for this reason, resolved or not; never negative."""
    rows = list_anomalies(tenant).filter(provider_object=provider_object, kind=kind)
    total: int | None = rows.aggregate(total=Sum("amount"))["total"]
    return abs(total or 0)
