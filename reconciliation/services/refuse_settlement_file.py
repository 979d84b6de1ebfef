"""A settlement file cannot be believed: nothing of it is kept, and a person hears of it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from payments.services.open_anomaly import open_anomaly
from reconciliation import states
from reconciliation.selectors.settlements import file_for_update

KIND = "settlement_file_unreadable"


def refuse_settlement_file(*, file_id: UUID, reason: str, now: datetime) -> None:
    """Note why, with one open anomaly however often it is tried again. A file that was read meanwhile stays as it is."""
    with transaction.atomic():
        file = file_for_update(file_id)
        if file.state not in (states.LISTED, states.UNREADABLE):
            return
        if file.state != states.UNREADABLE:
            states.FILE.require(file.state, states.UNREADABLE)
        file.state, file.error = states.UNREADABLE, reason[:500]
        file.save(update_fields=["state", "error"])
        open_anomaly(
            tenant=file.tenant,
            kind=KIND,
            subject_type="settlement_file",
            subject_id=file.id,
            detail=f"Settlement file {file.external_id} was not imported. {reason}",
            provider_account_id=file.provider_account_id,
            now=now,
        )
