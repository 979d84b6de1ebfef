"""Which provider account takes a payment."""

from __future__ import annotations

from gateway.core.tenancy import Tenant
from payments.errors import NoProviderAccount
from payments.models import ProviderAccount
from payments.selectors.provider_accounts import default_account


def route_payment(*, tenant: Tenant, bound_to: ProviderAccount | None = None) -> ProviderAccount:
    """The account that the payment details are bound to, else the merchant's default in this mode.

    Details are tokenised at one provider, so they decide. Raises `NoProviderAccount`.
    """
    account = bound_to or default_account(tenant)
    if account is None or not account.is_active or account.tenant != tenant:
        raise NoProviderAccount
    return account
