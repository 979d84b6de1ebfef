"""An anomaly that asked for something to arrive, when it has arrived."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from gateway.core.tenancy import Tenant
from payments.errors import AnomalyResolved
from payments.selectors.anomalies import list_anomalies
from payments.services.resolve_anomaly import resolve_anomaly


def settle_open_question(*, tenant: Tenant, kind: str, subject_id: UUID, note: str, now: datetime) -> None:
    """Resolve the open anomalies of this kind about this object; none holds money. What a person decides meanwhile stays."""
    rows = list_anomalies(tenant).filter(kind=kind, subject_id=subject_id, resolved_at=None, amount=0)
    for anomaly_id in rows.order_by("id").values_list("id", flat=True):
        with suppress(AnomalyResolved):
            resolve_anomaly(tenant=tenant, anomaly_id=anomaly_id, note=note, now=now)
