"""What of a request is kept: never a card number or a secret, and personal data only sealed.

>>> kept_query("limit=10&q=ada@example.test&status=paid&status=failed")
{'limit': ['10'], 'q': ['[not kept]'], 'status': ['paid', 'failed']}
>>> kept_path("/api/v1/orders/4242 4242 4242 4242"), kept_path("/api/v1/customers/ada@example.test")
('/api/v1/orders/[card number]', '/api/v1/customers/[address]')
"""

from __future__ import annotations

import json
import re
import zlib
from typing import Any
from urllib.parse import parse_qs

from gateway.core.personal import Json, has_personal, without_personal
from gateway.core.redaction import redact, redact_text

MAX_BODY_BYTES = 16 * 1024
MAX_PATH = 500
NOT_KEPT = "[not kept]"

# Parameters whose values say nothing about a person. Free text may say anything.
_KEPT_PARAMETERS = re.compile(
    r"(limit|cursor|fields|expand|status|currency|order|payment|customer|type|types|event|endpoint|after_seq|capture_method"
    r"|(amount|created)(_at)?(_(gte|gt|lte|lt|from|to))?|livemode)"
)
_ADDRESS = re.compile(r"[^/@\s]+@[^/@\s]+")


def kept_path(path: str) -> str:
    """The path without numbers of cards and addresses of people."""
    return _ADDRESS.sub("[address]", redact_text(_storable(path)))[:MAX_PATH]


def kept_query(query: str) -> dict[str, list[str]]:
    """The query parameters: all names, and the values of those that cannot be personal."""
    try:
        parameters = parse_qs(_storable(query), keep_blank_values=True, max_num_fields=50)
    except ValueError:
        return {NOT_KEPT: []}
    return {
        redact_text(name)[:100]: [
            redact_text(value)[:200] if _KEPT_PARAMETERS.fullmatch(name) else NOT_KEPT for value in values
        ]
        for name, values in parameters.items()
    }


def document_of(body: bytes, content_type: str, *, encoding: str = "") -> Json:
    """The redacted JSON document in a body; for anything else a note that says why it was not kept, or None if empty."""
    if not body:
        return None
    if content_type.split(";", maxsplit=1)[0].strip().lower() not in ("application/json", "application/problem+json"):
        return {NOT_KEPT: f"{len(body)} bytes that are not JSON"}
    plain = _decompressed(body) if encoding == "gzip" else body
    if plain is None or len(plain) > MAX_BODY_BYTES:
        return {NOT_KEPT: f"more than {MAX_BODY_BYTES} bytes"}
    try:
        return _redacted(json.loads(plain))
    except (ValueError, RecursionError):
        return {NOT_KEPT: f"{len(body)} bytes that do not parse"}


def clear_form(document: Json) -> str:
    """The form that is kept in the clear: without personal fields, and marked when it had any."""
    if document is None:
        return ""
    clean = without_personal(document)
    if has_personal(document) and isinstance(clean, dict):
        clean = {**clean, "erased": True}
    return serialised(clean)


def serialised(document: Json) -> str:
    """Compact JSON; ASCII, so that no sign in it can trouble the database."""
    return json.dumps(document, separators=(",", ":"))


def _redacted(document: Any) -> Json:
    redacted: Json = redact(document)
    return redacted


def _decompressed(body: bytes) -> bytes | None:
    """At most one byte more than is kept: a small body that unpacks to a large one costs nothing."""
    try:
        return zlib.decompressobj(wbits=31).decompress(body, MAX_BODY_BYTES + 1)
    except zlib.error:
        return None


def _storable(text: str) -> str:
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
