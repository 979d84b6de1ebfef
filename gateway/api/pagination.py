"""Lists: newest first, by id, with a cursor. Ids are made in time order, so pages are stable under inserts."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

from gateway.core.errors import Invalid
from gateway.core.tenancy import Identified

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
_M = TypeVar("_M", bound=Model)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list."""

    data: list[dict[str, Any]]
    has_more: bool
    next_cursor: str | None

    def body(self) -> dict[str, Any]:
        """As the API shows it."""
        return {"object": "list", "data": self.data, "has_more": self.has_more, "next_cursor": self.next_cursor}


def read_limit(text: str | None) -> int:
    """How many rows were asked for: 1 to 100, 20 unless told."""
    if text is None:
        return DEFAULT_LIMIT
    if not (len(text) <= len(str(MAX_LIMIT)) and text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_LIMIT):
        raise Invalid.field("limit", "invalid", f"A whole number from 1 to {MAX_LIMIT}.")
    return int(text)


def read_cursor(text: str | None) -> UUID | None:
    """The id after which the page starts; None for the first page."""
    if not text:
        return None
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return UUID(bytes=raw)
    except (ValueError, binascii.Error):
        raise Invalid.field(
            "cursor", "invalid", "Not a cursor of this API: send next_cursor as you received it."
        ) from None


def write_cursor(last: UUID) -> str:
    """The cursor that continues after this row."""
    return base64.urlsafe_b64encode(last.bytes).decode().rstrip("=")


def paginate(rows: QuerySet[Any], render: Callable[[Any], dict[str, Any]], *, limit: int, after: UUID | None) -> Page:
    """One page of `rows`, which may be filtered but not ordered or cut."""
    if after is not None:
        rows = rows.filter(pk__lt=after)
    found: Sequence[Identified] = list(rows.order_by("-pk")[: limit + 1])
    shown = found[:limit]
    has_more = len(found) > limit
    return Page([render(row) for row in shown], has_more, write_cursor(shown[-1].id) if has_more else None)
