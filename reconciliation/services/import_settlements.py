"""Fetch what providers have settled: every day, and when somebody asks for it."""

from __future__ import annotations

from django.db import transaction

from gateway.audit.services.record import record
from gateway.core.tenancy import Tenant
from gateway.work.rules import WorkItem
from gateway.work.services.enqueue import enqueue_all
from payments.models import ProviderAccount
from payments.providers.registry import get_provider, provider_names
from reconciliation import states


def import_settlements(*, tenant: Tenant | None = None) -> int:
    """Let the files of every provider account be looked for, or of this merchant's alone; how many accounts.

    An account that was switched off takes no new payments; what it took before is settled all the same. Asking
    again while it is under way changes nothing: a file is imported once.
    """
    settling = [name for name in provider_names() if get_provider(name).capabilities.settlement_files]
    rows = ProviderAccount.objects.unscoped("settlement files of every merchant are imported")
    if tenant is not None:
        rows = ProviderAccount.objects.for_merchant(tenant)
    accounts = list(rows.filter(provider__in=settling).order_by("id"))
    with transaction.atomic():
        if tenant is not None:
            record(
                action="settlements.import",
                subject_type="merchant",
                subject_id=tenant.merchant_id,
                tenant=tenant,
                data={"accounts": len(accounts)},
            )
        enqueue_all(WorkItem(states.LIST_FILES, account.id, account.tenant) for account in accounts)
    return len(accounts)
