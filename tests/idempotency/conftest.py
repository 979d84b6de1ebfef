"""A merchant, and calls with a key of its own."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from gateway.core.ids import new_id
from gateway.core.tenancy import Tenant
from gateway.idempotency.rules import Rendered
from gateway.idempotency.services.open_call import IdempotentCall, open_call
from merchants.models import Merchant


class Thing:
    """What a service made."""

    def __init__(self, **shown: Any) -> None:
        self.id: UUID = new_id()
        self.shown = shown


def rendered(thing: Thing) -> Rendered:
    return Rendered(201, json.dumps(thing.shown).encode())


def opened(tenant: Tenant, *, key: str = "k-1", **changes: Any) -> IdempotentCall:
    """A call of `POST /api/v1/things` with the body {"amount": 100}, unless told otherwise."""
    fields: dict[str, Any] = {
        "caller_class": "secret",
        "method": "POST",
        "path": "/api/v1/things",
        "body": {"amount": 100},
        "render": rendered,
    }
    return open_call(tenant=tenant, key=key, **fields | changes)


def a_tenant() -> Tenant:
    return Tenant(Merchant.objects.create(name="Lumen Supply Co.", slug=f"m-{new_id().hex}").id, livemode=False)


@pytest.fixture
def tenant(db: None) -> Tenant:
    return a_tenant()


Service = Callable[[IdempotentCall], Thing]
