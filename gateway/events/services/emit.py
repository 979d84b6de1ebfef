"""Write down a public fact, in the transaction of the change it describes."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.core import context
from gateway.core.personal import has_personal, seal_personal
from gateway.core.tenancy import Tenant
from gateway.events.models import Event
from gateway.events.rules import API_VERSION, erased_content, event_content, serialised
from gateway.work.services.enqueue import enqueue

FAN_OUT = "events.fan_out"


def emit(
    *,
    type: str,
    tenant: Tenant,
    subject_type: str,
    subject_id: UUID,
    data_object: dict[str, Any],
    amount: int | None,
    currency: str | None,
    status: str | None,
    data_key_id: UUID | None,
    now: datetime,
    previous: dict[str, Any] | None = None,
) -> Event:
    """Append an event and the work that hands it to every consumer, inside the caller's transaction.

    `data_object` is the object as the API shows it; `previous` holds the former values of what changed. An object with
    personal data needs the `data_key_id` of its customer or payment (ValueError): it is kept in two forms made together.
    """
    event = Event(
        merchant_id=tenant.merchant_id,
        livemode=tenant.livemode,
        type=type,
        subject_type=subject_type,
        subject_id=subject_id,
        timestamp=now,
        api_version=API_VERSION,
        amount=amount,
        currency=currency or "",
        status=status or "",
        request_id=context.current().request_id,
    )
    content = event_content(
        public_id=event.public_id,
        type=type,
        timestamp=now,
        livemode=tenant.livemode,
        amount=amount,
        currency=currency,
        status=status,
        data_object=data_object,
        previous=previous,
    )
    if has_personal(content["data"]):
        if data_key_id is None:
            message = f"{type} carries personal data and no data key to seal it with"
            raise ValueError(message)
        event.data_key_id = data_key_id
        event.sealed_body = seal_personal(data_key_id, serialised(content))
        content = erased_content(content)
    event.body = serialised(content).decode()
    event.save(force_insert=True)
    enqueue(kind=FAN_OUT, subject_id=event.id, tenant=tenant)
    return event
