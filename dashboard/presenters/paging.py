"""Lists page by page, newest first, with a cursor in the URL: stable while new rows arrive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet
from django.http import QueryDict

from gateway.api.pagination import read_cursor, write_cursor
from gateway.core.errors import Invalid
from gateway.core.tenancy import Identified

PAGE_SIZE = 25
_M = TypeVar("_M", bound=Identified)


@dataclass(frozen=True, slots=True)
class Slice(Generic[_M]):
    """The rows of one page, and where its neighbours are (relative URLs; empty where there is none)."""

    rows: Sequence[_M]
    previous_url: str
    next_url: str
    is_first: bool

    def with_rows(self, render: Callable[[_M], Any]) -> dict[str, Any]:
        """What `_table.html` and `paging.html` need."""
        return {
            "rows": [render(row) for row in self.rows],
            "previous_url": self.previous_url,
            "next_url": self.next_url,
            "is_first": self.is_first,
        }


def slice_of(rows: QuerySet[_M], query: QueryDict, *, size: int = PAGE_SIZE) -> Slice[_M]:
    """The page that `?after=` or `?before=` asks for. A cursor that nobody gave out shows the first page."""
    after, before = _cursor(query, "after"), _cursor(query, "before")
    if before is not None:
        found = list(rows.filter(pk__gt=before).order_by("pk")[: size + 1])
        has_newer, shown = len(found) > size, found[:size][::-1]
        if len(shown) < size and not has_newer:
            return _first(rows, query, size)
        return Slice(
            shown, _url(query, "before", shown[0]) if has_newer else "", _url(query, "after", shown[-1]), False
        )
    if after is None:
        return _first(rows, query, size)
    found = list(rows.filter(pk__lt=after).order_by("-pk")[: size + 1])
    shown = found[:size]
    following = _url(query, "after", shown[-1]) if len(found) > size else ""
    return Slice(shown, _url(query, "before", shown[0]) if shown else _url(query), following, False)


def _first(rows: QuerySet[_M], query: QueryDict, size: int) -> Slice[_M]:
    found = list(rows.order_by("-pk")[: size + 1])
    shown = found[:size]
    return Slice(shown, "", _url(query, "after", shown[-1]) if len(found) > size else "", True)


def _cursor(query: QueryDict, name: str) -> Any:
    try:
        return read_cursor(query.get(name))
    except Invalid:
        return None


def _url(query: QueryDict, name: str = "", row: Identified | None = None) -> str:
    kept = query.copy()
    for cursor in ("after", "before"):
        kept.pop(cursor, None)
    if row is not None:
        kept[name] = write_cursor(row.id)
    return f"?{kept.urlencode()}"
