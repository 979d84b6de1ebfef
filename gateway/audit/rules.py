"""How entries and seals are hashed. Pure.

>>> digest({"b": 1, "a": None}) == digest({"a": None, "b": 1})
True
>>> seal_hash(number=1, previous="", sealed_at="2026-11-01T00:00:00+00:00", entries=[["x", "y"]])[:16]
'f6ab37b00de952fa'
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

HEAD_PURPOSE = "audit.head"
HEAD_EVENT = "audit_head"
RETENTION_MONTHS = 84
_TO_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
_FROM_LETTERS = str.maketrans("abcdefghijklmnop", "0123456789abcdef")

ENTRY_COLUMNS = (
    "id", "merchant_id", "livemode", "actor_kind", "actor_id", "request_id", "action", "subject_type", "subject_id",
    "data", "recorded_at",
)  # fmt: skip


def kept_since(now: datetime) -> datetime:
    """What was recorded then or later must still be there: a month goes when all of it is beyond the retention.

    >>> kept_since(datetime(2026, 11, 21, tzinfo=UTC)).isoformat()
    '2019-11-01T00:00:00+00:00'
    """
    year, month = divmod(now.year * 12 + now.month - 1 - RETENTION_MONTHS, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC)


def entry_hash(columns: Mapping[str, Any]) -> str:
    """The hash of one entry as it stands in the table: every column, in canonical JSON."""
    return digest({name: _plain(columns[name]) for name in ENTRY_COLUMNS})


def seal_hash(*, number: int, previous: str, sealed_at: str, entries: Sequence[Sequence[str]]) -> str:
    """The hash of one seal: its place, its predecessor's hash, and the entries it names."""
    return digest({"number": number, "previous": previous, "sealed_at": sealed_at, "entries": list(map(list, entries))})


def digest(value: object) -> str:
    """SHA-256 of the canonical JSON form, in hex."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def moment(value: datetime) -> str:
    """One spelling for a moment, with microseconds, in UTC."""
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def spelled(head: str) -> str:
    """A keyed head as the log shows it: letters only, so that redaction never takes a run of digits for a card number.

    >>> spelled("k1.09af")
    'k1.ajkp'
    """
    key_id, _, digits = head.partition(".")
    return f"{key_id}.{digits.translate(_TO_LETTERS)}"


def unspelled(text: str) -> str:
    """The reverse of `spelled`."""
    key_id, _, letters = text.partition(".")
    return f"{key_id}.{letters.translate(_FROM_LETTERS)}"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return moment(value)
    return value if value is None or isinstance(value, bool | str | dict | list) else str(value)
