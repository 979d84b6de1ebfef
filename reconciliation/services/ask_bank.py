"""Read from the simulated bank directly: the independent witness, past every adapter."""

from __future__ import annotations

import json
from typing import Any

from gateway.core import http
from payments.providers.base import AccountCredentials

_TIMEOUT_S = 20.0
_MAX_BODY_BYTES = 4 * 1024 * 1024


class BankUnreadable(Exception):
    """The bank did not show its books, so nothing was compared."""


def ask_bank(*, account: AccountCredentials, path: str) -> dict[str, Any]:
    """What the bank answers to this account. Raises `BankUnreadable`."""
    url = f"{str(account.config['base_url']).rstrip('/')}{path}"
    headers = {"Authorization": f"Bearer {account.secrets['api_key']}", "Accept": "application/json"}
    try:
        response = http.request(
            "GET", url, policy="operator", headers=headers, timeout_s=_TIMEOUT_S, max_body=_MAX_BODY_BYTES
        )
    except (http.NotSent, http.NoAnswer) as silence:
        raise BankUnreadable(f"The bank's books could not be read: {silence.reason}.") from silence
    if response.status != 200:
        raise BankUnreadable(f"The bank answered {response.status} when asked for its books.")
    page: dict[str, Any] = json.loads(response.body)
    return page
