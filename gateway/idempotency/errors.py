"""How a key is refused, and the two ways in which an earlier call answers for this one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from gateway.core.errors import Conflict, Invalid, Unprocessable


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be sent. `replayed` answers carry `Idempotent-Replayed: true`."""

    status: int
    body: bytes
    content_type: str
    replayed: bool


class KeyMissing(Invalid):
    """The endpoint demands a key and the request has none."""

    code = "idempotency_key_missing"
    message = "This request needs an Idempotency-Key header, so that it can be repeated safely."


class KeyMalformed(Invalid):
    """The header holds no usable key."""

    code = "idempotency_key_invalid"
    message = "The Idempotency-Key must be 1 to 255 printable ASCII characters."


class KeyReused(Unprocessable):
    """The key was used before, for a different request."""

    code = "idempotency_key_reused"
    message = "This Idempotency-Key was used for a different request. Use a new key for a new request."


class KeyInUse(Conflict):
    """The first request with this key is still running. Passes by itself."""

    code = "idempotency_key_in_use"
    message = "A request with this Idempotency-Key is still running. Repeat it in a moment."
    transient: ClassVar[bool] = True

    def __init__(self, message: str | None = None, *, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Replay(Exception):
    """Not a failure: this request was answered before, and `answer` is what is sent again."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("answered before")
        self.answer = answer


class Resume(Exception):
    """Not a failure: the call that waited for this result died; `IdempotentCall.resume` sends the result's present state."""

    def __init__(self, result_id: UUID) -> None:
        super().__init__("resume from the recovery point")
        self.result_id = result_id
