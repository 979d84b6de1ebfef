"""How a moment is written for others: RFC 3339, UTC, milliseconds.

>>> rfc3339(datetime(2026, 11, 1, 12, 30, 0, 125999, tzinfo=UTC))
'2026-11-01T12:30:00.125Z'
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import overload


@overload
def rfc3339(moment: datetime) -> str: ...


@overload
def rfc3339(moment: None) -> None: ...


@overload
def rfc3339(moment: datetime | None) -> str | None: ...


def rfc3339(moment: datetime | None) -> str | None:
    """The (aware) moment as text; None stays None."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
