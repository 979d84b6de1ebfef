"""Merchant accounts at this bank, and how a request proves which one it speaks for."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

from bank.errors import Problem, invalid
from bank.models import Account


def open_account(
    *, account_id: str, api_key: str, name: str = "", webhook_url: str = "", webhook_secret: str = ""
) -> Account:
    """Open an account, or give an existing one these settings. The API key is kept as a keyed hash only."""
    check_webhook_url(webhook_url)
    account, _ = Account.objects.update_or_create(
        id=account_id,
        defaults={
            "name": name,
            "api_key_hash": _key_hash(api_key),
            "webhook_url": webhook_url,
            "webhook_secret": webhook_secret,
        },
    )
    return account


def check_webhook_url(url: str) -> None:
    """Empty (no webhooks), or an http(s) URL."""
    if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
        raise invalid("webhook_url", "invalid_url", "The webhook URL must be an http or https URL.")


def authenticate(request: HttpRequest) -> Account:
    """The account whose key the request carries: `Bearer KEY`, Basic `KEY:` or Basic `ACCOUNT:KEY`; or else 401."""
    user, key = _credentials(request.headers.get("Authorization", ""))
    account = Account.objects.filter(api_key_hash=_key_hash(key)).first() if key else None
    if account is None or (user and user != account.id):
        raise Problem(401, "unauthenticated", "The API key is missing or wrong.")
    return account


def require_admin(request: HttpRequest) -> None:
    """Only the holder of BANK_ADMIN_KEY may open accounts over HTTP."""
    _, key = _credentials(request.headers.get("Authorization", ""))
    if not settings.BANK_ADMIN_KEY or not hmac.compare_digest(key.encode(), settings.BANK_ADMIN_KEY.encode()):
        raise Problem(401, "unauthenticated", "The admin key is missing or wrong.")


def _credentials(header: str) -> tuple[str, str]:
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return "", value.strip()
    if scheme.lower() == "basic":
        try:
            user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        return (user, password) if password else ("", user)
    return "", ""


def _key_hash(api_key: str) -> str:
    return hmac.new(b"bank.api_key:" + settings.SECRET_KEY.encode(), api_key.encode(), hashlib.sha256).hexdigest()
