"""A person has looked at an anomaly and decides."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from gateway.core import context
from gateway.core.errors import Forbidden, Invalid
from gateway.core.tenancy import Tenant
from gateway.ledger.services.post import post
from payments.errors import AnomalyResolved
from payments.models import Anomaly
from payments.rules.anomaly_postings import AnomalyPosting, choices_for, lines_for
from payments.rules.notes import required_note
from payments.selectors.anomalies import anomaly_for_update
from payments.services.announce_anomaly import announce_anomaly


def resolve_anomaly(*, tenant: Tenant, anomaly_id: UUID, note: str, posting: str = "", now: datetime) -> Anomaly:
    """Close it with the reason why, for good. What stands in suspense because of it moves as `posting` says.

    An anomaly with money needs a posting that fits its direction, one without takes none (`Invalid`). What touches the
    gateway's own money is chosen by an actor of its staff alone (`Forbidden` for anybody else). Of two who resolve it
    at once the second is told `AnomalyResolved`, and nothing of what was decided changes.
    """
    reason = required_note(note)
    with transaction.atomic():
        anomaly = anomaly_for_update(tenant, anomaly_id)
        if anomaly.resolved_at is not None:
            raise AnomalyResolved(resolution=anomaly.resolution)
        actor = context.current().actor
        chosen = _chosen(anomaly, posting, is_staff=actor.kind == "staff")
        anomaly.resolved_at, anomaly.resolution, anomaly.posting = now, reason, chosen or ""
        anomaly.resolved_by = f"{actor.kind} {actor.id}".strip()
        anomaly.save(update_fields=["resolved_at", "resolution", "posting", "resolved_by"])
        if chosen:
            post(
                source_type="anomaly",
                source_id=anomaly.id,
                event="resolved",
                lines=lines_for(anomaly, anomaly.amount, chosen),
                now=now,
                merchant_id=anomaly.merchant_id,
                livemode=anomaly.livemode,
                description=f"{chosen}: {reason}"[:200],
            )
        announce_anomaly(anomaly=anomaly, verb="resolved", now=now)
    return anomaly


def _chosen(anomaly: Anomaly, posting: str, *, is_staff: bool) -> AnomalyPosting | None:
    fitting = choices_for(anomaly.amount, is_staff=True)
    if not fitting and not posting:
        return None
    allowed = choices_for(anomaly.amount, is_staff=is_staff)
    if fitting and (not allowed or (posting in fitting and posting not in allowed)):
        raise Forbidden("The gateway's operator decides what becomes of this money.")
    if posting not in fitting:
        message = "Say what becomes of the money in suspense." if fitting else "No money is in suspense here."
        raise Invalid.field("posting", "invalid", message)
    return AnomalyPosting(posting)
