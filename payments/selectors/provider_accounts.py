"""Reading provider accounts, and opening their secrets for one call."""

from __future__ import annotations

import json
from uuid import UUID

from django.db.models import QuerySet

from gateway.core import ids
from gateway.core.secrets import unseal
from gateway.core.tenancy import Tenant
from payments.errors import ProviderAccountNotFound
from payments.models import ProviderAccount
from payments.providers.base import AccountCredentials


def credentials_of(account: ProviderAccount) -> AccountCredentials:
    """The account with its secrets opened, for one call of its adapter."""
    return AccountCredentials(
        id=account.id,
        provider=account.provider,
        livemode=account.livemode,
        config=account.config,
        secrets=json.loads(unseal(account.secrets_sealed, bound_to=account.secrets_binding)),
    )


def list_provider_accounts(tenant: Tenant) -> QuerySet[ProviderAccount]:
    """The merchant's accounts in this mode, unordered."""
    return ProviderAccount.objects.for_merchant(tenant)


def get_provider_account(tenant: Tenant, account_id: UUID) -> ProviderAccount:
    """The merchant's account. Raises `ProviderAccountNotFound`."""
    account = list_provider_accounts(tenant).filter(id=account_id).first()
    if account is None:
        raise ProviderAccountNotFound
    return account


def default_account(tenant: Tenant) -> ProviderAccount | None:
    """The account that takes payments in this mode unless something else decides."""
    return list_provider_accounts(tenant).filter(is_default=True, is_active=True).first()


def provider_account_by_public_id(provider: str, public_id: str) -> ProviderAccount:
    """The account that a provider's webhook address names, of any merchant. Raises `NotFound`."""
    rows = ProviderAccount.objects.unscoped("a provider's webhook names the account; its signature is checked next")
    account = rows.filter(id=ids.from_public(ProviderAccount.ID_PREFIX, public_id), provider=provider).first()
    if account is None:
        raise ProviderAccountNotFound
    return account
