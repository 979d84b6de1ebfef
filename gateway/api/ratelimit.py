"""Rate limits: how often somebody may do something, counted in the cache.

A sliding window made of two counters: the present window counts in full, the one before in the share that still
overlaps. Redis and Valkey are asked once per count, and count exactly. Django's database cache, which stands in for them on
machines without a wheel, reads and writes back: callers at the same instant may be counted once.

While the cache is down everything is allowed and counted in a metric: limits protect the service, and must not be what
takes it down. After a failure the cache is left alone for five seconds: its timeout is not paid on every request.
"""

import hashlib
import logging
import time
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache
from prometheus_client import Counter

from gateway.core.errors import RateLimited

log = logging.getLogger(__name__)

UNCOUNTED = Counter(
    "gateway_rate_limit_uncounted", "Requests that were let through because the cache was down", ["bucket"]
)
REFUSED = Counter("gateway_rate_limit_refused", "Requests that were refused by a rate limit", ["bucket"])
PAUSE_AFTER_FAILURE_S = 5.0
_leave_alone_until = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the limiter says, and what the `RateLimit-*` headers tell the caller."""

    allowed: bool
    limit: int
    remaining: int
    reset_s: int

    def headers(self) -> dict[str, str]:
        """`RateLimit-Limit`, `RateLimit-Remaining`, `RateLimit-Reset` (seconds)."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_s),
        }


def limit_of(bucket: str) -> tuple[int, int]:
    """The limit and the period in seconds of a bucket, from `settings.RATE_LIMITS`. KeyError for an unknown bucket."""
    limit, period_s = settings.RATE_LIMITS[bucket]
    return limit, period_s


def allow(bucket: str, key: str, *, cost: int = 1) -> Verdict:
    """Count one call by `key` and say whether it is within the bucket's limit. `cost=0` asks without counting."""
    global _leave_alone_until
    limit, period_s = limit_of(bucket)
    present = time.time()
    window, into_window_s = divmod(present, period_s)
    reset_s = max(1, round(period_s - into_window_s))
    if time.monotonic() < _leave_alone_until:
        UNCOUNTED.labels(bucket).inc()
        return Verdict(True, limit, limit, reset_s)
    name = f"limit:{bucket}:{hashlib.blake2s(key.encode(), digest_size=12).hexdigest()}"
    here, before = f"{name}:{int(window)}", f"{name}:{int(window) - 1}"
    try:
        counted, earlier = _counted(here, before, cost=cost, keep_s=period_s * 2 + 1)
    except Exception as error:  # every backend has its own exceptions, and none may stop a payment
        _leave_alone_until = time.monotonic() + PAUSE_AFTER_FAILURE_S
        log.warning("rate limits are not counted: the cache is down (%s)", type(error).__name__)
        UNCOUNTED.labels(bucket).inc()
        return Verdict(True, limit, limit, reset_s)
    used = counted + int(earlier * (1 - into_window_s / period_s))
    allowed = used <= limit if cost else used < limit
    if not allowed:
        REFUSED.labels(bucket).inc()
    return Verdict(allowed, limit, max(0, limit - used), reset_s)


def require(bucket: str, key: str, *, error: type[RateLimited] = RateLimited) -> Verdict:
    """`allow`, raising when it is not."""
    verdict = allow(bucket, key)
    if not verdict.allowed:
        raise error(retry_after_s=verdict.reset_s)
    return verdict


def _counted(here: str, before: str, *, cost: int, keep_s: int) -> tuple[int, int]:
    """Add `cost` to the present window; what it and the one before hold then."""
    cache = caches["default"]
    if isinstance(cache, RedisCache):  # one round trip in the place of four
        pipeline = cache._cache.get_client(None, write=True).pipeline(transaction=False)
        pipeline.incrby(cache.make_key(here), cost)
        pipeline.expire(cache.make_key(here), keep_s)
        pipeline.get(cache.make_key(before))
        counted, _, earlier = pipeline.execute()
        return int(counted), int(earlier or 0)
    if cost:
        cache.add(here, 0, timeout=keep_s)
        try:
            cache.incr(here, cost)
        except ValueError:  # it expired between the two
            cache.set(here, cost, timeout=keep_s)
        cache.touch(here, keep_s)  # where `incr` is a get and a set, that gave it the default's few minutes
    found = cache.get_many([here, before])
    return int(found.get(here, 0)), int(found.get(before, 0))
