from datetime import timedelta

import pytest

from webhooks.rules import schedule


def test_ten_attempts_are_spread_over_75_6_hours() -> None:
    waits = [schedule.wait_after(made, jitter=0) for made in range(10)]

    assert [wait.total_seconds() for wait in waits if wait is not None] == [
        0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400,
    ]  # fmt: skip
    assert schedule.wait_after(10, jitter=0) is None


@pytest.mark.parametrize(("jitter", "seconds"), [(-1.0, 240.0), (1.0, 360.0)])
def test_jitter_moves_a_wait_by_a_fifth(jitter: float, seconds: float) -> None:
    assert schedule.wait_after(2, jitter=jitter) == timedelta(seconds=seconds)


def test_retry_after_lengthens_a_wait_up_to_an_hour_and_never_shortens_it() -> None:
    assert schedule.wait_after(1, jitter=0, retry_after=timedelta(seconds=90)) == timedelta(seconds=90)
    assert schedule.wait_after(1, jitter=0, retry_after=timedelta(days=3)) == timedelta(hours=1)
    assert schedule.wait_after(2, jitter=0, retry_after=timedelta(seconds=1)) == timedelta(minutes=5)
