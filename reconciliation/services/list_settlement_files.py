"""Find out which settlement files a provider has, and let every new one be imported."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from gateway.core.ids import new_id
from gateway.work.rules import Done, Result, Retry, WorkItem
from gateway.work.services.claim import Claim
from gateway.work.services.enqueue import enqueue_all
from payments.models import ProviderAccount
from payments.providers.base import NotDone, OutcomeUnknown
from payments.providers.registry import get_provider
from payments.selectors.provider_accounts import credentials_of
from reconciliation import states
from reconciliation.models import SettlementFile

REQUEST_SECONDS = 22.0


def list_settlement_files(claim: Claim) -> Result:
    """Ask provider account `claim.subject_id`. What is not imported yet, unreadable files included, gets its work."""
    if not claim.has_time(REQUEST_SECONDS):
        return Retry("the lease is too short to ask", counts=False)
    account = ProviderAccount.objects.unscoped("work carries the account's id").get(id=claim.subject_id)
    try:
        refs = get_provider(account.provider).list_settlement_files(credentials_of(account))
    except NotDone as refusal:
        return Retry(refusal.message, after=refusal.retry_after, counts=not refusal.retryable)
    except OutcomeUnknown as silence:
        return Retry(str(silence) or "the provider did not answer", counts=False)
    now = timezone.now()
    with transaction.atomic():
        SettlementFile.objects.unscoped("every file is given its account's merchant").bulk_create(
            [
                SettlementFile(
                    id=file_id,
                    merchant_id=account.merchant_id,
                    livemode=account.livemode,
                    provider_account=account,
                    external_id=ref.id,
                    date=ref.date,
                    listed_at=now,
                )
                for file_id, ref in zip(sorted(new_id() for _ in refs), refs, strict=True)  # lists sort by id
            ],
            ignore_conflicts=True,
        )
        rows = SettlementFile.objects.for_merchant(account.tenant).filter(provider_account=account)
        waiting = rows.filter(state__in=states.UNFINISHED).values_list("id", flat=True)
        enqueue_all(WorkItem(states.IMPORT_FILE, file_id, account.tenant) for file_id in waiting)
    return Done()
