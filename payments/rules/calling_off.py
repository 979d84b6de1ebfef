"""When a void that the provider refused is asked for again.

>>> wait_before_void(1), wait_before_void(4), wait_before_void(40)
(datetime.timedelta(seconds=60), datetime.timedelta(seconds=480), datetime.timedelta(seconds=3600))
"""

from __future__ import annotations

from datetime import timedelta

# So many refused voids of one payment are no accident any more: a person has to look.
REFUSALS_UNTIL_ANOMALY = 5
_LONGEST_WAIT_MINUTES = 60


def wait_before_void(refused: int) -> timedelta:
    """How long to wait after so many refused voids of a payment: a minute, doubling up to an hour."""
    doublings: int = min(refused - 1, 6)
    return timedelta(minutes=min(1 << doublings, _LONGEST_WAIT_MINUTES))
