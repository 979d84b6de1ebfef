"""Stop whoever seems to be trying out cards."""

from __future__ import annotations

import hashlib

from django.core.cache import cache

from checkout.errors import TooManyAttempts
from checkout.models import Attempt
from checkout.services.count_decline import REMEMBERED_S, address_name
from gateway.api import ratelimit


def limit_attempts(*, attempt: Attempt, address: str) -> None:
    """Let an attempt go on, or raise `TooManyAttempts`. Nothing of the address is kept but a digest in the cache, for an hour.

    While the cache is down everything may go on: limits must not be what stops payments.
    """
    digest = hashlib.blake2s(address.encode(), digest_size=12).hexdigest()
    ratelimit.require("checkout_submit_ip", digest, error=TooManyAttempts)
    for bucket, key in (
        ("checkout_declines_ip", digest),
        ("checkout_cards_ip", digest),
        ("checkout_declines_session", str(attempt.session_id)),
        ("checkout_declines_merchant", str(attempt.merchant_id)),
    ):
        verdict = ratelimit.allow(bucket, key, cost=0)
        if not verdict.allowed:
            raise TooManyAttempts(retry_after_s=verdict.reset_s)
    try:
        cache.set(address_name(attempt), digest, REMEMBERED_S)
    except Exception:  # as above: every backend has its own exceptions
        return
