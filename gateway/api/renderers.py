"""The one format this API writes. The bytes made here are the bytes that are sent, and kept for replay."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from rest_framework.renderers import BaseRenderer

from gateway.core.times import rfc3339

CONTENT_TYPE = "application/json"
PROBLEM_CONTENT_TYPE = "application/problem+json"


def to_bytes(value: Any) -> bytes:
    """JSON in UTF-8, moments as `gateway.core.times` writes them. The same value always gives the same bytes."""
    return orjson.dumps(
        value, default=_default, option=orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS
    )


def _default(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, str):
        return str(value)  # enums and other spellings of text
    if isinstance(value, dict):
        return dict(value)
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    message = f"{type(value).__name__} has no place in an API answer"
    raise TypeError(message)


class JsonRenderer(BaseRenderer):
    """Renders with orjson; a `bytes` answer goes out as it is."""

    media_type = CONTENT_TYPE
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """The bytes of the answer; nothing at all for an answer without content."""
        if isinstance(data, bytes):
            return data
        return b"" if data is None else to_bytes(data)
