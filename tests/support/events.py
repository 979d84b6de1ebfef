"""Events for tests of what follows from them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from gateway.core import clock
from gateway.core.ids import new_id
from gateway.core.tenancy import Tenant
from gateway.events.models import Event
from gateway.events.services.emit import emit


def emit_order_paid(tenant: Tenant, *, type: str = "order.paid", subject_id: UUID | None = None, **data: Any) -> Event:
    """A small event without personal data."""
    return emit(
        type=type,
        tenant=tenant,
        subject_type="order",
        subject_id=subject_id or new_id(),
        data_object={"object": "order", "amount": 4999, "version": 1, **data},
        amount=4999,
        currency="EUR",
        status="paid",
        data_key_id=None,
        now=clock.now(),
    )
