"""Ask for a look at the provider's present state, soon, by the worker."""

from __future__ import annotations

from uuid import UUID

from gateway.core.tenancy import Tenant
from gateway.work.services.enqueue import enqueue
from payments.services.change import SYNC


def request_sync(*, payment_id: UUID, tenant: Tenant) -> None:
    """Enqueue it. Call it last in a transaction. However often it is asked for, one row waits per payment."""
    enqueue(kind=SYNC, subject_id=payment_id, tenant=tenant)
