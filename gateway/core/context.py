"""Who is acting, in which request: carried beside the call, read by logs, audit, events and outbound requests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

# `person` acts for a merchant, `staff` for the operator of this installation.
ActorKind = Literal["person", "staff", "api_key", "customer", "provider", "worker", "system"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it. `id` is an id of ours (a user, a key, a work row); never a name or an address."""

    kind: ActorKind
    id: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """What is known about the present call."""

    request_id: str = ""
    actor: Actor = Actor("system")
    merchant_id: UUID | None = None
    livemode: bool | None = None


_current: ContextVar[Context] = ContextVar("gateway_context", default=Context())  # noqa: B039 - frozen


def current() -> Context:
    """The context of this call; an empty one outside of any."""
    return _current.get()


@contextmanager
def bound(
    *,
    request_id: str | None = None,
    actor: Actor | None = None,
    merchant_id: UUID | None = None,
    livemode: bool | None = None,
) -> Iterator[Context]:
    """Run the block with these parts of the context replaced; what is None stays as it was."""
    given = {"request_id": request_id, "actor": actor, "merchant_id": merchant_id, "livemode": livemode}
    context = replace(current(), **{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)
