"""Makes the suite's merchants, in a process of its own: reads what is wanted on standard input, prints what was made.

Wanted: `[{"slug", "account": {"id", "api_key", "webhook_secret"}, "endpoints": [url, ...]}]`.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")


def make_merchant(wanted: dict[str, Any]) -> dict[str, Any]:
    """One merchant with a bank account, keys and webhook endpoints; the secrets are in the answer."""
    from django.conf import settings
    from django.utils import timezone

    from gateway.core.tenancy import Tenant
    from merchants.services.create_api_key import create_api_key
    from merchants.services.create_merchant import create_merchant
    from payments.services.create_provider_account import create_provider_account
    from webhooks.services.create_endpoint import create_endpoint

    bank = wanted["account"]
    merchant = create_merchant(name=wanted["slug"].title(), slug=wanted["slug"])
    tenant = Tenant(merchant.id, livemode=False)
    account = create_provider_account(
        tenant=tenant,
        provider="simulated_bank",
        name="Simulated bank",
        config={"base_url": settings.BANK_URL, "account": bank["id"]},
        secrets={"api_key": bank["api_key"], "webhook_secret": bank["webhook_secret"]},
        is_default=True,
        now=timezone.now(),
    )
    _send_webhooks(bank["api_key"], f"{settings.PUBLIC_URL}/webhooks/simulated_bank/{account.public_id}")
    key, secret = create_api_key(tenant=tenant, name="faults")
    made = [create_endpoint(tenant=tenant, url=url, now=timezone.now()) for url in wanted["endpoints"]]
    return {
        "slug": wanted["slug"],
        "key_id": key.key_id,
        "secret": secret,
        "bank_key": bank["api_key"],
        "webhook_secrets": [each.secret for each in made],
    }


def _send_webhooks(api_key: str, url: str) -> None:
    from django.conf import settings

    request = urllib.request.Request(
        f"{settings.BANK_URL}/v1/account",
        data=json.dumps({"webhook_url": url}).encode(),
        headers={"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"},
        method="PATCH",
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=20):
        pass


if __name__ == "__main__":
    django.setup()
    print(json.dumps([make_merchant(each) for each in json.load(sys.stdin)]))
