"""The bank's webhooks: `Bank-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from payments.providers.base import AccountCredentials, BadSignature, ProviderEvent

TOLERANCE = timedelta(seconds=300)


def verify(account: AccountCredentials, *, headers: Mapping[str, str], body: bytes, now: datetime) -> ProviderEvent:
    """Check the signature over the raw bytes and its time, both ways; only then parse. Raises `BadSignature`."""
    header = {name.lower(): value for name, value in headers.items()}.get("bank-signature", "")
    parts = dict(part.strip().partition("=")[::2] for part in header.split(","))
    stamp, given = parts.get("t", ""), parts.get("v1", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise BadSignature("The signature has no time.")
    if abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
        raise BadSignature("The signature is too old, or from the future.")
    secret = account.secrets["webhook_secret"].encode()
    expected = hmac.new(secret, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise BadSignature("The signature does not match.")
    return _parsed(account, body)


def _parsed(account: AccountCredentials, body: bytes) -> ProviderEvent:
    try:
        event = json.loads(body)
        payment = event["data"]["object"]
        if event["account"] != account.config["account"]:
            raise BadSignature("The event is of another account.")
        return ProviderEvent(
            event_id=str(event["id"]),
            type=str(event["type"]),
            payment_reference=str(payment["id"]),
            operation_id=str(payment["reference"]),
            occurred_at=datetime.fromisoformat(event["created_at"]),
            payload=event,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise BadSignature("The event is not one of the bank's.") from error
