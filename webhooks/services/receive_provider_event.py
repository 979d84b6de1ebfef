"""Take in an event of a provider: verify, keep once, answer."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from gateway.core.crashpoints import reach
from gateway.work.services.enqueue import enqueue
from payments.providers.base import BadSignature
from payments.providers.registry import get_provider
from payments.selectors.provider_accounts import credentials_of, provider_account_by_public_id
from webhooks.errors import EventNotVerified
from webhooks.models import InboxEvent


def receive_provider_event(*, provider: str, account_id: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Verify the raw bytes, then keep the event once and queue its processing; returns False for one that we had.

    Raises NotFound for an account that does not exist at this provider, and EventNotVerified (nothing is written).
    """
    account = provider_account_by_public_id(provider, account_id)
    try:
        event = get_provider(provider).verify_event(
            credentials_of(account), headers=headers, body=body, now=timezone.now()
        )
    except BadSignature as refusal:
        raise EventNotVerified from refusal
    row = InboxEvent(
        merchant_id=account.merchant_id,
        livemode=account.livemode,
        provider=provider,
        provider_account=account,
        event_id=event.event_id,
        type=event.type,
        payment_reference=event.payment_reference,
        operation_id=event.operation_id,
        occurred_at=event.occurred_at,
    )
    with transaction.atomic():
        InboxEvent.objects.for_merchant(account.tenant).bulk_create([row], ignore_conflicts=True)
        is_new = InboxEvent.objects.for_merchant(account.tenant).filter(id=row.id).exists()
        if is_new:
            enqueue(kind="webhooks.process_inbox", subject_id=row.id, tenant=account.tenant)
        reach("inbox_before_commit")
    reach("inbox_after_commit")
    return is_new
