"""What rounds, races and restarts share: the running system."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bench.faults.client import Json
from bench.faults.points import Deck
from bench.faults.system import System

MERCHANTS = 3


@dataclass
class Played:
    """A running system, its merchants, and the payments of earlier rounds. `keep` leaves its logs behind."""

    system: System
    merchants: list[Json]
    earlier: set[str] = field(default_factory=set)
    keep: bool = False


@contextlib.contextmanager
def with_system(deck: Deck, *, real_redis: bool, say: Callable[[str], None]) -> Iterator[Played]:
    """A system with merchants, for some rounds."""
    system = System(deck, real_redis=real_redis, say=say)
    keep = True
    try:
        system.boot()
        broker = system.broker.binary.rsplit("/", 1)[-1] if system.broker else "no broker"
        say(f"The system runs in {system.folder} ({broker}).")
        played = Played(system, system.seed_merchants(MERCHANTS))
        yield played
        keep = played.keep
    finally:
        system.close(keep=keep)
