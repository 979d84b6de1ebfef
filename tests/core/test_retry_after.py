"""What strangers write into `Retry-After`."""

from __future__ import annotations

import doctest
from datetime import UTC, datetime, timedelta

import pytest

from gateway.core import retry_after
from gateway.core.retry_after import parse_retry_after

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def test_it_is_seconds_or_a_date() -> None:
    assert doctest.testmod(retry_after).failed == 0
    assert parse_retry_after(" 120 ", now=NOW) == timedelta(seconds=120)
    assert parse_retry_after("Sun, 01 Nov 2026 12:05:00 GMT", now=NOW) == timedelta(minutes=5)
    assert parse_retry_after("Sun, 01 Nov 2026 12:05:00 -0000", now=NOW) == timedelta(minutes=5)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "-5",
        "1e9",
        "\u00b2",
        "9" * 40,
        "9" * 5000,
        "Sat, 31 Oct 2026 12:00:00 GMT",
        "Mon, 01 Jan 2026 99999999999999999999:00:00 GMT",
        "Mon, 01 Jan 2026 00:00:00 +9999999999999",
        "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
        "Mon,",
    ],
)
def test_what_is_not_understood_asks_for_nothing(text: str | None) -> None:
    assert parse_retry_after(text, now=NOW) is None
