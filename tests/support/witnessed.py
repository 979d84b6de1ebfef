"""A merchant at the real simulated bank: for tests that end with the oracle."""

from __future__ import annotations

import secrets

from django.utils import timezone

from gateway.core.tenancy import Tenant
from merchants.models import Merchant
from payments.models import Order, Payment, ProviderAccount
from payments.services.create_order import create_order
from payments.services.create_payment import create_payment
from payments.services.create_provider_account import create_provider_account
from tests.support.bank import BankAccount


def merchant_at_bank(bank: BankAccount) -> tuple[Tenant, ProviderAccount]:
    """A merchant in test mode whose default account is this one at the bank."""
    merchant = Merchant.objects.create(name="Lumen Supply Co.", slug=f"lumen-{secrets.token_hex(4)}")
    tenant = Tenant(merchant.id, livemode=False)
    account = create_provider_account(
        tenant=tenant,
        provider="simulated_bank",
        name="Simulated bank",
        config={"base_url": bank.base_url, "account": bank.id},
        secrets={"api_key": bank.api_key, "webhook_secret": bank.webhook_secret},
        now=timezone.now(),
    )
    return tenant, account


def order_at_bank(tenant: Tenant, amount: int = 4999, currency: str = "EUR") -> Order:
    """An order to be paid."""
    return create_order(tenant=tenant, amount=amount, currency=currency, now=timezone.now())


def pay_at_bank(
    tenant: Tenant, order: Order, *, method: str = "pm_card_visa", simulate: str = "", capture_method: str = "automatic"
) -> Payment:
    """A payment with one of the bank's named methods, not carried out yet."""
    return create_payment(
        tenant=tenant,
        order_id=order.id,
        test_method=method,
        capture_method=capture_method,
        metadata={"simulate": simulate} if simulate else {},
        now=timezone.now(),
    )
