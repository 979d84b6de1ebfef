"""Give a merchant an account at a provider."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from gateway.audit.services.record import record
from gateway.core.errors import Invalid
from gateway.core.secrets import seal
from gateway.core.tenancy import Tenant
from payments.models import ProviderAccount
from payments.providers.registry import provider_names


def create_provider_account(
    *,
    tenant: Tenant,
    provider: str,
    name: str,
    config: Mapping[str, Any],
    secrets: Mapping[str, str],
    is_default: bool = True,
    now: datetime,
) -> ProviderAccount:
    """Create it, with its secrets sealed. As the default it takes the place of the former one in this mode."""
    if provider not in provider_names():
        raise Invalid.field("provider", "unknown_provider", f"One of: {', '.join(provider_names())}.")
    account = ProviderAccount(
        merchant_id=tenant.merchant_id,
        livemode=tenant.livemode,
        provider=provider,
        name=name,
        config=dict(config),
        is_default=is_default,
        created_at=now,
    )
    account.secrets_sealed = seal(json.dumps(dict(secrets)), bound_to=account.secrets_binding)
    with transaction.atomic():
        if is_default:
            ProviderAccount.objects.for_merchant(tenant).filter(is_default=True).update(is_default=False)
        account.save(force_insert=True)
        record(
            action="provider_account.create",
            subject_type="provider_account",
            subject_id=account.id,
            tenant=tenant,
            data={"provider": provider, "is_default": is_default},
        )
    return account
