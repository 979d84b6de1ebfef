"""What an idempotency key is, what it stands for, and which answers are kept.

>>> parse_key("order-7"), parse_key('"order-7"'), parse_key(r'"say \\"hi\\""')
('order-7', 'order-7', 'say "hi"')
>>> canonical("POST", "/api/v1/orders", {"b": 1, "a": {"number": "x", "c": 2}}, exclude=("a.number",))
b'POST\\n/api/v1/orders\\n{"a":{"c":2},"b":1}'
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Literal, NamedTuple, get_args
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder

from gateway.core.errors import Conflict, DomainError
from gateway.idempotency.errors import Answer as Answer  # noqa: PLC0414  (said here too, for callers)
from gateway.idempotency.errors import KeyMalformed, KeyMissing

CallerClass = Literal["secret", "publishable", "checkout", "dashboard"]
CALLER_CLASSES: tuple[str, ...] = get_args(CallerClass)

# Longer than the longest `Prefer: wait`: nobody takes a call over that may still be answered.
LEASE = timedelta(seconds=60)
RETENTION = timedelta(days=30)
FINGERPRINT_PURPOSE = "idempotency.fingerprint"
MAX_KEY_LENGTH = 255
JSON_CONTENT_TYPE = "application/json"

_PRINTABLE = re.compile(r"[\x20-\x7e]{1,255}")
_QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])*)"')


class Rendered(NamedTuple):
    """An answer as the view made it.

    `data_key_id` is the data key of the customer whose personal data the body shows. `stored_body` is what is kept when it
    must differ from what is sent once (an answer that shows a secret).
    """

    status: int
    body: bytes
    data_key_id: UUID | None = None
    stored_body: bytes | None = None
    content_type: str = JSON_CONTENT_TYPE


def parse_key(header: str | None) -> str:
    """The key in an `Idempotency-Key` header; `abc` and the structured-field string `"abc"` are the same key.

    Raises `KeyMissing` for an absent or empty header, `KeyMalformed` for anything that is not 1 to 255 printable ASCII.
    """
    text = (header or "").strip(" \t")
    if not text:
        raise KeyMissing
    if text.startswith('"'):
        quoted = _QUOTED.fullmatch(text)
        if quoted is None:
            raise KeyMalformed
        text = re.sub(r"\\(.)", r"\1", quoted.group(1))
    if not _PRINTABLE.fullmatch(text):
        raise KeyMalformed
    return text


def canonical(method: str, path: str, body: object, *, exclude: Iterable[str] = ()) -> bytes:
    """What a fingerprint is made over: method, path and the body as canonical JSON, less the dotted paths in `exclude`."""
    kept = body
    for field in exclude:
        kept = _without(kept, field.split("."))
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False, cls=DjangoJSONEncoder)
    return f"{method.upper()}\n{path}\n{text}".encode("utf-8", "surrogatepass")


def is_decided(error: DomainError) -> bool:
    """Whether this refusal was decided by executing the request, and is therefore the answer to every repetition.

    State conflicts are; conflicts that pass by themselves, wrong input, missing rights and limits are not.
    """
    return isinstance(error, Conflict) and not error.transient


def _without(value: object, steps: list[str]) -> object:
    if not isinstance(value, Mapping) or steps[0] not in value:
        return value
    copy: dict[str, Any] = dict(value)
    if len(steps) == 1:
        del copy[steps[0]]
    else:
        copy[steps[0]] = _without(copy[steps[0]], steps[1:])
    return copy
