"""Identifiers: UUIDv7 inside, TypeID outside.

>>> from uuid import UUID
>>> to_public("pay", UUID("01890a5d-ac96-774b-bcce-b302099a8057"))
'pay_01h455vb4pex5vsknk084sn02q'
>>> from_public("pay", "pay_01h455vb4pex5vsknk084sn02q")
UUID('01890a5d-ac96-774b-bcce-b302099a8057')

Ids are made from real time, never from a merchant's test clock, because partitions and lists are ordered by them. Those
of one thread rise strictly, so what one transaction writes down is listed in the order in which it was written.
Some ids are the address of a page: all that follows the time is drawn at random, and no counter makes it guessable.
"""

from __future__ import annotations

import secrets
import threading
import time
from datetime import UTC, datetime
from uuid import UUID

import uuid_utils
from typeid import TypeID
from typeid.errors import TypeIDException

from gateway.core.errors import NotFound

_TICKS_PER_MS = 4096
_CLOCK_WAS_WRONG = 1000 * _TICKS_PER_MS

_newest = threading.local()


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562, section 6.2, method 3): Unix time in 60 bits of 1/4096 ms, then 62 random bits."""
    tick = time.time_ns() * _TICKS_PER_MS // 1_000_000
    newest: int = getattr(_newest, "tick", 0)
    if tick <= newest < tick + _CLOCK_WAS_WRONG:
        tick = newest + 1
    _newest.tick = tick
    return _compose(tick, secrets.randbits(62))


def lowest_id_at(moment: datetime) -> UUID:
    """The smallest UUIDv7 that can be made at `moment`: a bound for partitions and for pruning queries. Before 1970
    none was made: the smallest of all."""
    return _compose(max(int(moment.timestamp() * 1000), 0) * _TICKS_PER_MS, 0)


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


def _compose(tick: int, random_62_bits: int) -> UUID:
    unix_ms, fraction = divmod(tick, _TICKS_PER_MS)
    return UUID(int=(unix_ms & ((1 << 48) - 1)) << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | random_62_bits)
