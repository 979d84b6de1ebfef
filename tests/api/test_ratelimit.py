"""Counting how often somebody does something."""

from typing import Any

import pytest
import time_machine
from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache

from gateway.api import ratelimit
from gateway.core.errors import RateLimited

LOCAL = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "test-ratelimit"}}


@pytest.fixture(params=["configured", "local memory"])
def counted_in(request: pytest.FixtureRequest, settings: Any) -> None:
    """The cache of this installation, and a backend without Redis' commands."""
    settings.RATE_LIMITS = {"tries": (10, 60)}
    if request.param == "local memory":
        settings.CACHES = LOCAL
        caches["default"].clear()


def uses(number: int, key: str = "somebody") -> list[bool]:
    return [ratelimit.allow("tries", key).allowed for _ in range(number)]


@pytest.mark.usefixtures("counted_in")
def test_the_limit_is_exact_within_a_window_and_everybody_has_their_own() -> None:
    with time_machine.travel("2026-11-21T08:00:00Z", tick=False):
        assert uses(12) == [True] * 10 + [False] * 2
        assert uses(1, "somebody else") == [True]


class WritingBack(LocMemCache):
    """Counts as Django's database cache does: a get and a set, with the default time to live."""

    incr = BaseCache.incr


def test_a_window_outlasts_the_time_to_live_of_a_cache_that_writes_back(settings: Any) -> None:
    settings.RATE_LIMITS = {"tries": (10, 3600)}
    settings.CACHES = {"default": LOCAL["default"] | {"BACKEND": f"{__name__}.WritingBack", "LOCATION": "writing-back"}}
    with time_machine.travel("2026-11-21T08:00:00Z", tick=False):
        uses(10)
    with time_machine.travel("2026-11-21T08:45:00Z", tick=False):
        assert uses(1) == [False]


@pytest.mark.usefixtures("counted_in")
def test_the_window_slides() -> None:
    with time_machine.travel("2026-11-21T08:00:00Z", tick=False):
        uses(10)
    with time_machine.travel("2026-11-21T08:01:30Z", tick=False):  # half of the ten still count
        assert uses(6) == [True] * 5 + [False]
    with time_machine.travel("2026-11-21T08:10:00Z", tick=False):
        assert uses(10) == [True] * 10


@pytest.mark.usefixtures("counted_in")
def test_asking_without_cost_counts_nothing() -> None:
    with time_machine.travel("2026-11-21T08:00:00Z", tick=False):
        verdicts = [ratelimit.allow("tries", "somebody", cost=0) for _ in range(20)]
        assert {verdict.allowed for verdict in verdicts} == {True}
        uses(10)
        assert not ratelimit.allow("tries", "somebody", cost=0).allowed


@pytest.mark.usefixtures("counted_in")
def test_a_refusal_says_when_to_come_back() -> None:
    with time_machine.travel("2026-11-21T08:00:20Z", tick=False):
        uses(10)
        with pytest.raises(RateLimited) as refused:
            ratelimit.require("tries", "somebody")

    assert refused.value.retry_after_s == 40
