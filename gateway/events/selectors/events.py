"""Read events. The body shown is the full one, or the form without personal data once that was erased."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from gateway.core.errors import NotFound
from gateway.core.partitions import prune_floor
from gateway.core.personal import unseal_personal
from gateway.core.tenancy import Tenant
from gateway.events.models import Event


def event_body(event: Event) -> bytes:
    """The bytes to send: the full ones, or those without personal data (`erased: true`) when its key is gone."""
    if event.sealed_body is not None and event.data_key_id is not None:
        full = unseal_personal(event.data_key_id, bytes(event.sealed_body))
        if full is not None:
            return full
    return event.body.encode()


def event_object(event: Event) -> dict[str, Any]:
    """The event as the API shows it."""
    shown: dict[str, Any] = json.loads(event_body(event))
    return shown


def get_event(tenant: Tenant, event_id: UUID) -> Event:
    """One event of this merchant. Raises `NotFound`."""
    event = Event.objects.for_merchant(tenant).filter(id=event_id).first()
    if event is None:
        raise NotFound("There is no such event.")
    return event


def list_events(tenant: Tenant) -> QuerySet[Event]:
    """This merchant's events; the caller filters, orders and pages."""
    return Event.objects.for_merchant(tenant)


def events_about(tenant: Tenant, subject_ids: Iterable[UUID]) -> QuerySet[Event]:
    """What happened to these objects, oldest first; older partitions than the oldest of them are not opened."""
    wanted = list(subject_ids)
    if not wanted:
        return Event.objects.for_merchant(tenant).none()
    return (
        Event.objects.for_merchant(tenant)
        .filter(subject_id__in=wanted, id__gte=prune_floor(min(wanted)))
        .order_by("id")
    )


def event_for_work(event_id: UUID) -> Event:
    """The event that a row of work is about, whoever owns it."""
    return Event.objects.unscoped("a worker acts for whichever merchant the event belongs to").get(id=event_id)
