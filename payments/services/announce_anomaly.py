"""The tail of every change of an anomaly: event and audit."""

from __future__ import annotations

from datetime import datetime

from gateway.audit.services.record import record
from gateway.events.services.emit import emit
from payments.models import Anomaly
from payments.selectors.representations import anomaly_object


def announce_anomaly(*, anomaly: Anomaly, verb: str, now: datetime) -> None:
    """Write `anomaly.<verb>` as an event and as an audit row, in the transaction of the change."""
    record(
        action=f"anomaly.{verb}",
        subject_type="anomaly",
        subject_id=anomaly.id,
        tenant=anomaly.tenant,
        data={
            "kind": anomaly.kind,
            "amount": anomaly.amount,
            "currency": anomaly.currency,
            "posting": anomaly.posting,
            "resolution": anomaly.resolution,
        },
    )
    emit(
        type=f"anomaly.{verb}",
        tenant=anomaly.tenant,
        subject_type="anomaly",
        subject_id=anomaly.id,
        data_object=anomaly_object(anomaly),
        amount=anomaly.amount if anomaly.currency else None,
        currency=anomaly.currency or None,
        status=anomaly.status,
        data_key_id=None,
        now=now,
    )
