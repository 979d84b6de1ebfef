"""A member of staff has looked into a provider's own records: who it was and what was found."""

from __future__ import annotations

from datetime import datetime

from gateway.audit.services.record import record
from gateway.core import context
from gateway.core.errors import Forbidden
from gateway.core.tenancy import MerchantOwned
from payments.rules.told_outcomes import ToldOutcome
from payments.services.settle_open_question import settle_open_question


def note_told_outcome(
    *, subject: MerchantOwned, subject_type: str, kind: str, told: ToldOutcome, now: datetime
) -> None:
    """Audit it and resolve the anomaly of this kind that asked for it, in the transaction that settles the subject.

    Raises `Forbidden` for an actor who is not of the operator's staff: the word moves money.
    """
    if context.current().actor.kind != "staff":
        raise Forbidden("The gateway's operator tells what the provider's records say.")
    record(
        action=f"{subject_type}.outcome_told",
        subject_type=subject_type,
        subject_id=subject.id,
        tenant=subject.tenant,
        data={"was_done": told.was_done, "reference": told.reference, "note": told.note},
    )
    settle_open_question(tenant=subject.tenant, kind=kind, subject_id=subject.id, note=told.note, now=now)
