"""The address of an order's hosted page. It names no session and works in any browser."""

from __future__ import annotations

from typing import Protocol

from django.conf import settings
from django.core import signing


class HasPublicId(Protocol):
    """An order, as far as its link is concerned."""

    @property
    def public_id(self) -> str: ...


SALT = "checkout"


def checkout_url(order: HasPublicId) -> str:
    """The hosted page of this order: its public id and a signature, so that ids alone open nothing."""
    return f"{settings.PUBLIC_URL}/pay/{order.public_id}/{checkout_token(order.public_id)}"


def checkout_token(public_id: str) -> str:
    """The signature in the link."""
    return signing.Signer(salt=SALT).signature(public_id)


def is_checkout_token(public_id: str, token: str) -> bool:
    """Whether this is the link's signature for that order (keys in SECRET_KEY_FALLBACKS count too)."""
    try:
        signing.Signer(salt=SALT).unsign(f"{public_id}:{token}")
    except signing.BadSignature:
        return False
    return True
