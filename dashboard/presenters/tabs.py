"""Tabs above a list: each is the list with one filter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _


def tabs(choices: Iterable[tuple[str, str]], query: QueryDict, *, name: str = "status") -> list[dict[str, Any]]:
    """(words, value) -> links that keep the other filters and start at the first page."""
    made = []
    for label, value in choices:
        kept = query.copy()
        for dropped in (name, "after", "before"):
            kept.pop(dropped, None)
        if value:
            kept[name] = value
        made.append({"label": _(label), "url": f"?{kept.urlencode()}", "current": query.get(name, "") == value})
    return made
