"""The body of an event, as it is stored, signed and sent; and which consumers want it.

>>> wants(["payment.*", "order.paid"], "payment.succeeded"), wants(["payment.*"], "order.paid"), wants(["*"], "x.y")
(True, False, True)
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from gateway.core.personal import Json, without_personal
from gateway.core.times import rfc3339

API_VERSION = "2026-11-01"


def wants(patterns: Iterable[str], event_type: str) -> bool:
    """Whether one of the patterns (`*`, a type, or `payment.*`) names this type."""
    return any(
        pattern in ("*", event_type) or (pattern.endswith(".*") and event_type.startswith(pattern[:-1]))
        for pattern in patterns
    )


def event_content(
    *,
    public_id: str,
    type: str,
    timestamp: datetime,
    livemode: bool,
    amount: int | None,
    currency: str | None,
    status: str | None,
    data_object: dict[str, Json],
    previous: dict[str, Json] | None,
) -> dict[str, Json]:
    """The public form of an event. `event` mirrors `type`, as the first integrations expect."""
    moment = rfc3339(timestamp)
    return {
        "id": public_id,
        "object": "event",
        "type": type,
        "event": type,
        "timestamp": moment,
        "created_at": moment,
        "api_version": API_VERSION,
        "livemode": livemode,
        "amount": amount,
        "currency": currency,
        "status": status,
        "data": {"object": data_object, "previous": previous},
    }


def erased_content(content: dict[str, Json]) -> dict[str, Json]:
    """The form that is shown once the personal data was erased."""
    return {**content, "data": without_personal(content["data"]), "erased": True}


def serialised(content: dict[str, Json]) -> bytes:
    """The bytes, once and for ever: compact UTF-8 JSON."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
