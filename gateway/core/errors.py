"""The kinds of refusal a service may raise.

A kind says *why* something was refused, in the domain's words; `gateway.api.problems` is the one place that maps a kind to
an HTTP status, and forms show the same message. Every concrete error carries a stable, documented `code`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing that is wrong with one field; `field` is a dotted path into the request body."""

    field: str
    code: str
    message: str


class DomainError(Exception):
    """Base of everything a service refuses on purpose. `data` is shown to the caller: never put a secret into it."""

    code: ClassVar[str] = "error"
    message: ClassVar[str] = "The request could not be carried out."

    def __init__(self, message: str | None = None, **data: Any) -> None:
        self.detail = message or self.message
        self.data = data
        super().__init__(self.detail)


class Invalid(DomainError):
    """The input is wrong. Carries the fields at fault."""

    code = "validation_error"
    message = "The request is not valid."

    def __init__(self, message: str | None = None, *, errors: tuple[FieldError, ...] = (), **data: Any) -> None:
        super().__init__(message, **data)
        self.errors = errors

    @classmethod
    def field(cls, field: str, code: str, message: str) -> Invalid:
        """An `Invalid` that names one field."""
        return cls(message, errors=(FieldError(field, code, message),))


class Unauthenticated(DomainError):
    """Who is asking could not be established."""

    code = "unauthenticated"
    message = "The credentials are missing or wrong."


class Forbidden(DomainError):
    """The caller is known, and may not do this."""

    code = "forbidden"
    message = "This credential may not do that."


class NotFound(DomainError):
    """No such object for this merchant and mode. Another merchant's object looks exactly like this."""

    code = "not_found"
    message = "There is no such object."


class Conflict(DomainError):
    """The object's present state refuses this. `transient` conflicts pass by themselves and are not stored for replay."""

    code = "invalid_state"
    message = "The object's present state does not allow this."
    transient: ClassVar[bool] = False


class Unprocessable(DomainError):
    """Well-formed, and still contradicts what was said before (a reused idempotency key)."""

    code = "unprocessable"
    message = "The request contradicts an earlier one."


class RateLimited(DomainError):
    """Too many requests; try again after `retry_after_s` seconds."""

    code = "rate_limited"
    message = "Too many requests. Slow down and try again."

    def __init__(self, message: str | None = None, *, retry_after_s: int = 1, **data: Any) -> None:
        super().__init__(message, **data)
        self.retry_after_s = retry_after_s


class Unavailable(DomainError):
    """Something we need is down for the moment. The request may have been carried out all the same: repeat it with its key."""

    code = "temporarily_unavailable"
    message = (
        "The service is temporarily unavailable. The request may have been carried out all the same:"
        " repeat it with the same Idempotency-Key."
    )

    def __init__(self, message: str | None = None, *, retry_after_s: int = 1, **data: Any) -> None:
        super().__init__(message, **data)
        self.retry_after_s = retry_after_s


def all_error_types(root: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    """Every error class that has been imported, the root first: the error-code page is generated from this."""
    yield root
    for child in root.__subclasses__():
        yield from all_error_types(child)
