"""The demo merchant: made once, with fresh secrets, through the services that everybody else uses."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from demo.bank_account import open_bank_account, point_webhooks
from gateway.core.tenancy import Tenant
from merchants.models import Merchant, User
from merchants.rules.permissions import Role
from merchants.services.add_member import add_member
from merchants.services.create_api_key import create_api_key
from merchants.services.create_merchant import create_merchant
from merchants.services.create_publishable_key import create_publishable_key
from merchants.services.create_user import create_user
from payments.models import ProviderAccount
from payments.services.create_provider_account import create_provider_account
from webhooks.models import Endpoint
from webhooks.services.create_endpoint import create_endpoint
from webhooks.services.delete_endpoint import delete_endpoint

SLUG = "lumen"
SHOP = "Example shop"
EMAIL = "owner@lumen.test"
HISTORY = timedelta(days=14)


@dataclass(frozen=True)
class DemoMerchant:
    """What a person or a tool needs to use it. The secrets are known only here, once."""

    tenant: Tenant
    email: str
    password: str
    key_id: str
    key_secret: str
    publishable_key: str
    webhook_secret: str


def seed_merchant(*, shop_url: str, with_history: bool) -> DemoMerchant:
    """Make the merchant, its bank account, owner, keys and the shop's endpoint; a second call renews the secrets.

    With history to come, a new merchant's test clock starts two weeks in the past.
    """
    merchant = Merchant.objects.filter(slug=SLUG).first() or _new_merchant(with_history=with_history)
    tenant = Tenant(merchant.id, livemode=False)
    _provider_account(tenant)
    password = _owner(merchant)
    key, key_secret = create_api_key(tenant=tenant, name="Shop back end")
    publishable = create_publishable_key(tenant=tenant, name="Shop pages")
    for outdated in Endpoint.objects.for_merchant(tenant).filter(description=SHOP):
        delete_endpoint(tenant=tenant, endpoint_id=outdated.id)
    made = create_endpoint(tenant=tenant, url=f"{shop_url}/webhooks", description=SHOP, now=timezone.now())
    return DemoMerchant(tenant, EMAIL, password, key.key_id, key_secret, publishable.value, made.secret)


def _new_merchant(*, with_history: bool) -> Merchant:
    merchant = create_merchant(
        name="Lumen Supply Co.",
        slug=SLUG,
        country="DE",
        default_currency="EUR",
        statement_descriptor="LUMEN SUPPLY",
        brand_color="#8a4b12",
        logo_text="Lumen",
        support_email="help@lumen.test",
    )
    if with_history:
        merchant.test_clock_offset = -HISTORY
        merchant.save(update_fields=["test_clock_offset"])
    return merchant


def _provider_account(tenant: Tenant) -> None:
    account = ProviderAccount.objects.for_merchant(tenant).filter(provider="simulated_bank").first()
    if account is None:
        opened = open_bank_account("Lumen Supply Co.")
        account = create_provider_account(
            tenant=tenant,
            provider="simulated_bank",
            name="Simulated bank",
            config={"base_url": opened.base_url, "account": opened.account},
            secrets={"api_key": opened.api_key, "webhook_secret": opened.webhook_secret},
            is_default=True,
            now=timezone.now(),
        )
    point_webhooks(account)


def _owner(merchant: Merchant) -> str:
    password = secrets.token_urlsafe(12)
    owner = User.objects.filter(email=EMAIL).first()
    if owner is None:
        owner = create_user(email=EMAIL, name="Ada Owner", password=password, is_staff=True, is_superuser=True)
        add_member(merchant_id=merchant.id, user_id=owner.id, role=Role.ADMIN)
    else:
        owner.set_password(password)
        owner.save(update_fields=["password"])
    return password
