"""State machines as tables: an app's `states.py` holds one `TransitionTable` per machine.

>>> door = TransitionTable("door", {"open": {"closed"}, "closed": {"open", "locked"}, "locked": set()})
>>> door.allows("open", "closed"), door.allows("open", "locked")
(True, False)
>>> door.is_terminal("locked")
True
>>> door.require("open", "locked")
Traceback (most recent call last):
...
gateway.core.states.IllegalTransition: door cannot go from open to locked.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

from gateway.core.errors import Conflict


class IllegalTransition(Conflict):
    """The state machine has no such arrow."""

    code = "invalid_state"


@dataclass(frozen=True)
class TransitionTable:
    """Which state may follow which. Staying in a state is never a transition: callers treat it as a no-op before asking."""

    machine: str
    arrows: Mapping[str, Set[str]]

    @property
    def states(self) -> tuple[str, ...]:
        """Every state, in the order of the table."""
        return tuple(self.arrows)

    def allows(self, present: str, following: str) -> bool:
        """Whether there is an arrow. An unknown present state is a programming error and raises KeyError."""
        return following in self.arrows[present]

    def require(self, present: str, following: str) -> None:
        """Raise `IllegalTransition` unless there is an arrow."""
        if not self.allows(present, following):
            message = f"{self.machine} cannot go from {present} to {following}."
            raise IllegalTransition(message, status=present)

    def is_terminal(self, state: str) -> bool:
        """Whether nothing follows."""
        return not self.arrows[state]
