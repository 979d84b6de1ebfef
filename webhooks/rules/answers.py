"""What a receiver's answer means for the delivery and for its endpoint."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """The meaning of one attempt."""

    SUCCESS = "success"
    FAILURE = "failure"
    SLOW_DOWN = "slow_down"  # failed, and the whole endpoint is to be spared for a while
    GONE = "gone"  # failed, and the endpoint asks to be disabled


_SLOW_DOWN_CODES = frozenset({429, 502, 504})
_GONE = 410


def verdict_of(status: int | None) -> Verdict:
    """2xx is success; a redirect is a failure and is never followed; no answer at all is a failure.

    >>> [str(verdict_of(code)) for code in (200, 204, 302, 404, 410, 429, 500, 504, None)]
    ['success', 'success', 'failure', 'failure', 'gone', 'slow_down', 'failure', 'slow_down', 'failure']
    """
    if status is None:
        return Verdict.FAILURE
    if 200 <= status < 300:
        return Verdict.SUCCESS
    if status == _GONE:
        return Verdict.GONE
    return Verdict.SLOW_DOWN if status in _SLOW_DOWN_CODES else Verdict.FAILURE
