"""Which events an endpoint asked for.

>>> asked = ["payment.*", "order.paid"]
>>> [matches(asked, name) for name in ("payment.succeeded", "order.paid", "order.expired")]
[True, True, False]
>>> matches(["*"], "anything.at_all")
True
"""

from __future__ import annotations

import re
from collections.abc import Iterable

TEST_EVENT_TYPE = "webhook_endpoint.test"
MAX_PATTERNS = 100
_PATTERN = re.compile(r"\*|[a-z][a-z_]{0,39}\.(?:\*|[a-z][a-z_]{0,39})")


def matches(enabled_events: Iterable[str], event_type: str) -> bool:
    """Whether one of the names covers this type: `*`, `payment.*` or the exact name."""
    family = event_type.partition(".")[0] + ".*"
    return any(name in {"*", family, event_type} for name in enabled_events)


def is_pattern(name: str) -> bool:
    """Whether `name` may stand in `enabled_events`.

    >>> [is_pattern(name) for name in ("*", "payment.*", "payment.succeeded", "payment", "*.paid")]
    [True, True, True, False, False]
    """
    return _PATTERN.fullmatch(name) is not None
