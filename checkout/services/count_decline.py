"""Count a decline against everybody who may be trying out cards."""

from __future__ import annotations

from django.core.cache import cache

from checkout.models import Attempt
from gateway.api import ratelimit

REMEMBERED_S = 3600


def count_decline(*, attempt: Attempt, fingerprint: str) -> None:
    """Declines count by address, session, merchant and card, distinct cards by address; successes never do.

    The address is known by the digest that `limit_attempts` left in the cache; without the cache nothing is counted.
    """
    ratelimit.allow("checkout_declines_session", str(attempt.session_id))
    ratelimit.allow("checkout_declines_merchant", str(attempt.merchant_id))
    if fingerprint:
        ratelimit.allow("checkout_declines_card", fingerprint)
    try:
        address = cache.get(address_name(attempt))
        is_new_card = bool(address and fingerprint) and cache.add(
            f"checkout:card:{address}:{fingerprint}", 1, REMEMBERED_S
        )
    except Exception:  # the limiter counts what it misses itself; a decline must not fail for a cache that is down
        return
    if address:
        ratelimit.allow("checkout_declines_ip", address)
        if is_new_card:
            ratelimit.allow("checkout_cards_ip", address)


def address_name(attempt: Attempt) -> str:
    """Where the digest of the customer's address waits for the outcome."""
    return f"checkout:from:{attempt.id}"
