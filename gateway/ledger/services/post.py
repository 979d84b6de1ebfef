"""Post one fact to the ledger: exactly once, balanced, never changed afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from gateway.core.ids import new_id
from gateway.ledger.models import Entry, Transaction
from gateway.ledger.rules import Line, imbalance
from gateway.ledger.services.accounts import accounts_for


def post(
    *,
    source_type: str,
    source_id: UUID,
    event: str,
    lines: Sequence[Line],
    now: datetime,
    merchant_id: UUID | None,
    livemode: bool,
    description: str = "",
) -> Transaction | None:
    """Append a transaction with its entries, inside the caller's database transaction.

    The source (`source_type`, `source_id`, `event`) is unique: None when this fact was posted before, and nothing is
    written then. Unbalanced or single lines are a programming error (ValueError); the database refuses them too.
    """
    if len(lines) < 2 or imbalance(lines):
        message = f"{source_type} {event}: {len(lines)} lines, out of balance by {imbalance(lines)}"
        raise ValueError(message)
    if any(line.account.livemode is not livemode for line in lines):
        message = f"{source_type} {event}: test and live accounts do not mix"
        raise ValueError(message)
    with transaction.atomic():
        accounts = accounts_for(line.account for line in lines)
        identifier = new_id()
        Transaction.objects.bulk_create(
            [
                Transaction(
                    id=identifier,
                    source_type=source_type,
                    source_id=source_id,
                    event=event,
                    merchant_id=merchant_id,
                    livemode=livemode,
                    description=description,
                    created_at=now,
                )
            ],
            ignore_conflicts=True,
        )
        posted = Transaction.objects.filter(id=identifier).first()
        if posted is None:
            return None
        Entry.objects.bulk_create(
            Entry(
                transaction=posted,
                account=accounts[line.account],
                currency=line.account.currency,
                direction=line.direction.value,
                amount=line.amount,
            )
            for line in lines
        )
        return posted
