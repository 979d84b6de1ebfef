"""An account at the simulated bank for the demo merchant, opened over the bank's own API."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from gateway.core.http import request
from payments.models import ProviderAccount
from payments.selectors.provider_accounts import credentials_of

TIMEOUT_S = 10


@dataclass(frozen=True)
class BankAccount:
    """What the bank answers once: its id and its secrets."""

    base_url: str
    account: str
    api_key: str
    webhook_secret: str


def open_bank_account(name: str) -> BankAccount:
    """Open an account with the bank's administration key (`BANK_ADMIN_KEY`)."""
    opened = _send("POST", f"{settings.BANK_URL}/v1/accounts", settings.BANK_ADMIN_KEY, {"name": name})
    return BankAccount(settings.BANK_URL, opened["id"], opened["api_key"], opened["webhook_secret"])


def point_webhooks(account: ProviderAccount) -> None:
    """Let the bank send this account's webhooks to this gateway, and remember where the bank is today."""
    account.config = {**account.config, "base_url": settings.BANK_URL}
    account.save(update_fields=["config"])
    url = f"{settings.PUBLIC_URL}/webhooks/{account.provider}/{account.public_id}"
    api_key = credentials_of(account).secrets["api_key"]
    _send("PATCH", f"{settings.BANK_URL}/v1/account", api_key, {"webhook_url": url})


def close_settlement(account: ProviderAccount, *faults: str) -> None:
    """Let the bank close a settlement file over what it has moved since the last one; none where nothing moved."""
    api_key = credentials_of(account).secrets["api_key"]
    _send("POST", f"{settings.BANK_URL}/v1/settlements", api_key, {"faults": list(faults)}, also=(409,))


def _send(method: str, url: str, key: str, body: dict[str, Any], also: tuple[int, ...] = ()) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    response = request(
        method, url, policy="operator", headers=headers, body=json.dumps(body).encode(), timeout_s=TIMEOUT_S
    )
    if response.status not in (200, 201, *also):
        message = f"the bank answered {response.status} to {method} {url}: {response.body[:300]!r}"
        raise RuntimeError(message)
    answer: dict[str, Any] = json.loads(response.body)
    return answer
