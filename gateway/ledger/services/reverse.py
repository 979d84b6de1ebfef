"""Reverse an earlier fact: a new transaction with the sides exchanged."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from gateway.ledger.models import Transaction
from gateway.ledger.rules import mirrored
from gateway.ledger.selectors.transactions import lines_of
from gateway.ledger.services.post import post


def reverse(
    *, source_type: str, source_id: UUID, event: str, of_event: str, now: datetime, description: str = ""
) -> Transaction | None:
    """Post the mirror of (`source_type`, `source_id`, `of_event`) as `event` of the same source.

    None when there is nothing to reverse, or when it was reversed under this name before.
    """
    earlier = Transaction.objects.filter(source_type=source_type, source_id=source_id, event=of_event).first()
    if earlier is None:
        return None
    return post(
        source_type=source_type,
        source_id=source_id,
        event=event,
        lines=mirrored(lines_of(earlier)),
        now=now,
        merchant_id=earlier.merchant_id,
        livemode=earlier.livemode,
        description=description,
    )
