"""The seam between a service that opens a money verb and the idempotency key of the request that asked for it.

A service takes `call: OpeningCall = NO_CALL`, says `call.begin()` first and `call.remember(result)` last in the
transaction that opens the verb; so the key, the change and the stored answer are committed together or not at all. One
that takes several transactions says `call.claim()` before, `begin` first in each of them and `remember` last in the last.
"""

from __future__ import annotations

from typing import Protocol


class OpeningCall(Protocol):
    """A request with an idempotency key, as a service sees it."""

    def begin(self) -> None:
        """Claim the key: the first statement of the opening transaction. Raises when this request was seen before."""

    def remember(self, result: object) -> None:
        """Store the answer: the last statement of the opening transaction. `result` is what the service returns."""


class SteppedCall(OpeningCall, Protocol):
    """The same for a verb of several transactions."""

    def claim(self) -> None:
        """Claim and commit the key before the first; `begin` in each continues this claim. Raises like `begin`."""


class _NoCall:
    """Nobody asked by a key: the worker, a page, a command."""

    def claim(self) -> None:
        """Nothing to claim."""

    def begin(self) -> None:
        """Nothing to claim."""

    def remember(self, result: object) -> None:
        """Nothing to store."""


NO_CALL: SteppedCall = _NoCall()
