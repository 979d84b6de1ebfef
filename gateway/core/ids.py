"""Identifiers: UUIDv7 inside, TypeID outside.

>>> from uuid import UUID
>>> to_public("pay", UUID("01890a5d-ac96-774b-bcce-b302099a8057"))
'pay_01h455vb4pex5vsknk084sn02q'
>>> from_public("pay", "pay_01h455vb4pex5vsknk084sn02q")
UUID('01890a5d-ac96-774b-bcce-b302099a8057')

Ids are made from real time, never from a merchant's test clock, because partitions and lists are ordered by them.
"""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from uuid import UUID

import uuid_utils
from typeid import TypeID
from typeid.errors import TypeIDException

from gateway.core.errors import NotFound


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then 74 random bits."""
    return _compose(time.time_ns() // 1_000_000, secrets.randbits(74))


def lowest_id_at(moment: datetime) -> UUID:
    """The smallest UUIDv7 that can be made at `moment`: a bound for partitions and for pruning queries."""
    return _compose(int(moment.timestamp() * 1000), 0)


def id_time(value: UUID) -> datetime:
    """When a UUIDv7 was made (millisecond precision, UTC)."""
    return datetime.fromtimestamp((value.int >> 80) / 1000, tz=UTC)


def to_public(prefix: str, value: UUID) -> str:
    """`prefix_` + base32: what the API shows."""
    return str(TypeID.from_uuid(prefix=prefix, suffix=uuid_utils.UUID(int=value.int)))


def from_public(prefix: str, text: str) -> UUID:
    """The UUID behind a TypeID with this prefix. Anything else is `NotFound`: an id of another kind names no object."""
    try:
        parsed = TypeID.from_string(text)
    except (TypeIDException, ValueError) as error:
        raise NotFound from error
    if parsed.prefix != prefix:
        raise NotFound
    return UUID(int=parsed.uuid.int)


def _compose(unix_ms: int, random_74_bits: int) -> UUID:
    rand_a, rand_b = random_74_bits >> 62, random_74_bits & ((1 << 62) - 1)
    return UUID(int=(unix_ms & ((1 << 48) - 1)) << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b)
