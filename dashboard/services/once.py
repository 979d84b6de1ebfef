"""One drawn form is one change, however often it is sent: the dashboard's side of `gateway.idempotency`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from gateway.core.opening import OpeningCall
from gateway.core.tenancy import Tenant
from gateway.idempotency.errors import Replay
from gateway.idempotency.services.open_call import open_call

_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[_R]):
    """What the form did. The second click gets `result=None` and the id of what the first one made."""

    id: UUID
    result: _R | None


def once(
    *,
    tenant: Tenant,
    key: str,
    path: str,
    body: Mapping[str, Any],
    run: Callable[[OpeningCall], _R],
    id_of: Callable[[_R], UUID],
) -> Outcome[_R]:
    """Run the service once per form key; `body` is what was typed. Raises what the service raises, and `KeyReused`
    when the same form comes back with other content.
    """
    call = open_call(
        tenant=tenant,
        caller_class="dashboard",
        key=key,
        method="POST",
        path=path,
        body=dict(body),
        render=lambda result: (303, json.dumps({"id": str(id_of(result))}).encode()),
    )
    try:
        result = run(call)
    except Replay as replay:
        return Outcome(UUID(json.loads(replay.answer.body)["id"]), None)
    return Outcome(id_of(result), result)
