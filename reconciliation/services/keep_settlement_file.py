"""A settlement file has arrived whole: write it down, all of it or nothing."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from payments.providers.base import SettledMovement
from payments.providers.base import SettlementFile as FetchedFile
from reconciliation import states
from reconciliation.models import SettlementFile, SettlementLine
from reconciliation.selectors.settlements import file_for_update

_BATCH = 1_000


def keep_settlement_file(*, file_id: UUID, fetched: FetchedFile) -> None:
    """Keep the lines and the sums; nothing is posted yet. A file whose lines are kept already stays as it is."""
    with transaction.atomic():
        file = file_for_update(file_id)
        if file.state not in (states.LISTED, states.UNREADABLE):
            return
        states.FILE.require(file.state, states.IMPORTING)
        file.state, file.error, file.fetched_at = states.IMPORTING, "", timezone.now()
        file.sha256, file.line_count = fetched.sha256, len(fetched.lines)
        file.totals = {currency: asdict(sums) for currency, sums in fetched.totals.items()}
        file.save()
        rows = SettlementLine.objects.unscoped("every line is given its file's merchant")
        rows.bulk_create((_row(file, line) for line in fetched.lines), batch_size=_BATCH)


def _row(file: SettlementFile, line: SettledMovement) -> SettlementLine:
    return SettlementLine(
        merchant_id=file.merchant_id,
        livemode=file.livemode,
        file=file,
        number=line.number,
        provider_account_id=file.provider_account_id,
        type=line.type,
        provider_object=line.reference,
        our_id=line.our_id,
        provider_payment=line.provider_payment,
        payment_public_id=line.payment_id,
        currency=line.currency,
        gross=line.gross,
        fee=line.fee,
        net=line.net,
        occurred_at=line.occurred_at,
    )
