"""A movement that was missed is in a settlement file."""

from __future__ import annotations

from datetime import datetime

from payments.services.settle_open_question import settle_open_question
from reconciliation.models import SettlementLine

NOT_SETTLED = "not_settled"


def answer_unsettled(*, line: SettlementLine, now: datetime) -> None:
    """Close what was asked about the subject of this posted line, if anything was."""
    if line.subject_id is not None:
        note = f"Settled in file {line.file.external_id}, line {line.number}."
        settle_open_question(tenant=line.tenant, kind=NOT_SETTLED, subject_id=line.subject_id, note=note, now=now)
