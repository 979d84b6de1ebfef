"""Import one settlement file: fetch it, keep it, post it line by line."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from gateway.core import clock, crashpoints
from gateway.work.rules import Done, Later, Result, Retry
from gateway.work.services.claim import Claim
from payments.providers.base import NotDone, OutcomeUnknown, SettlementFileRef, UnreadableFile
from payments.providers.registry import get_provider
from payments.selectors.provider_accounts import credentials_of
from payments.services.settle_open_question import settle_open_question
from payments.services.sync_payment import sync_payment
from reconciliation import states
from reconciliation.models import SettlementFile
from reconciliation.selectors.settlements import file_by_id, file_for_update, lines_of, pending_line_ids
from reconciliation.services.keep_settlement_file import keep_settlement_file
from reconciliation.services.post_settlement_line import post_settlement_line
from reconciliation.services.refuse_settlement_file import KIND as UNREADABLE_KIND
from reconciliation.services.refuse_settlement_file import refuse_settlement_file

REQUEST_SECONDS = 22.0
LINE_SECONDS = 3.0
_BATCH = 200


def import_settlement_file(claim: Claim) -> Result:
    """Import file `claim.subject_id`, or go on where it was left: each line is one transaction, and is posted once.

    A file that cannot be believed ends here, refused; the next look at the provider's files tries it again.
    """
    file = file_by_id(claim.subject_id)
    if file is None or file.state == states.IMPORTED:
        return Done()
    if file.state != states.IMPORTING:
        if not claim.has_time(REQUEST_SECONDS):
            return Retry("the lease is too short to ask", counts=False)
        ref = SettlementFileRef(file.external_id, file.date)
        try:
            account = file.provider_account
            fetched = get_provider(account.provider).fetch_settlement_file(credentials_of(account), ref)
        except UnreadableFile as reason:
            refuse_settlement_file(file_id=file.id, reason=str(reason), now=clock.now())
            return Done()
        except NotDone as refusal:
            return Retry(refusal.message, after=refusal.retry_after, counts=not refusal.retryable)
        except OutcomeUnknown as silence:
            return Retry(str(silence) or "the provider did not answer", counts=False)
        crashpoints.reach("settlement_after_fetch")
        keep_settlement_file(file_id=file.id, fetched=fetched)
        crashpoints.reach("settlement_after_keep_commit")
    return _post_lines(claim, file)


def _post_lines(claim: Claim, file: SettlementFile) -> Result:
    number, waiting = 0, 0
    while batch := pending_line_ids(file.id, after=number, limit=_BATCH):
        for _, line_id in batch:
            if not claim.has_time(REQUEST_SECONDS + LINE_SECONDS):
                return Later(timezone.now(), "the lease is over; the next claim goes on")
            waiting += not _post(claim, line_id)
        number = batch[-1][0]
    if waiting:
        return Retry(f"{waiting} lines wait for what the provider says of their payments", counts=False)
    _finish(file.id)
    return Done()


def _post(claim: Claim, line_id: UUID) -> bool:
    """Post it; where the provider knows more of a payment of ours than we do, hear that first. False: it has to wait."""
    payment_id = post_settlement_line(line_id=line_id, now=clock.now())
    if payment_id is None:
        return True
    if not isinstance(sync_payment(replace(claim, subject_id=payment_id)), Done):
        return False
    post_settlement_line(line_id=line_id, now=clock.now(), has_asked=True)
    return True


def _finish(file_id: UUID) -> None:
    with transaction.atomic():
        file = file_for_update(file_id)
        if file.state != states.IMPORTING or lines_of(file).filter(state=states.PENDING).exists():
            return
        states.FILE.require(file.state, states.IMPORTED)
        file.state, file.imported_at = states.IMPORTED, timezone.now()
        file.difference_count = lines_of(file).filter(state=states.DIFFERENT).count()
        file.save(update_fields=["state", "imported_at", "difference_count"])
        settle_open_question(
            tenant=file.tenant,
            kind=UNREADABLE_KIND,
            subject_id=file.id,
            note=f"File {file.external_id} was read whole and imported.",
            now=clock.now(),
        )
        crashpoints.reach("settlement_before_end_commit")
