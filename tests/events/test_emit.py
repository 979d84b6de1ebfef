"""Events: written with the change, in two forms where personal, handed to each consumer once."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connections
from django.utils import timezone

from gateway.core import personal
from gateway.core.ids import new_id
from gateway.core.tenancy import Tenant
from gateway.events.models import Consumption, Event
from gateway.events.selectors.events import event_body, event_object, events_about
from gateway.events.services.emit import emit
from gateway.work.models import Work
from gateway.work.services.claim import claim_next
from gateway.work.services.run import run
from merchants.models import Merchant
from tests.support.database import TestDatabase

consumed: list[tuple[str, UUID]] = []


def note(event_id: UUID, *, replay: bool) -> None:
    consumed.append(("note", event_id))


def poison(event_id: UUID, *, replay: bool) -> None:
    raise RuntimeError("this consumer is broken")


@pytest.fixture(autouse=True)
def consumers(settings: Any) -> Iterator[None]:
    consumed.clear()
    settings.EVENT_CONSUMERS = {
        "tests.note": {"handler": "tests.events.test_emit.note", "types": ["payment.*"]},
        "tests.other": {"handler": "tests.events.test_emit.poison", "types": ["order.paid"]},
    }
    yield


def a_tenant() -> Tenant:
    return Tenant(Merchant.objects.create(name="Shop", slug=f"shop-{uuid4().hex[:8]}").id, livemode=False)


def emit_one(
    tenant: Tenant, data: dict[str, Any], *, key: UUID | None = None, type: str = "payment.succeeded"
) -> Event:
    return emit(
        type=type, tenant=tenant, subject_type="payment", subject_id=new_id(), data_object=data,
        amount=100, currency="EUR", status="succeeded", data_key_id=key, now=timezone.now(),
    )  # fmt: skip


def work_off() -> None:
    while claim := claim_next(["default"]):
        run(claim)


@pytest.mark.django_db
def test_an_event_is_stored_as_the_bytes_that_are_sent() -> None:
    tenant = a_tenant()
    event = emit_one(tenant, {"id": "pay_1", "description": "Grüße"})

    shown = event_object(event)
    assert event_body(event) == event.body.encode()
    assert (shown["type"], shown["event"], shown["amount"], shown["livemode"]) == ("payment.succeeded",) * 2 + (
        100,
        False,
    )
    assert shown["data"] == {"object": {"id": "pay_1", "description": "Grüße"}, "previous": None}
    assert "erased" not in shown
    assert list(events_about(tenant, [event.subject_id])) == [event]
    assert list(events_about(a_tenant(), [event.subject_id])) == []


@pytest.mark.django_db
def test_personal_data_is_kept_sealed_and_leaves_with_its_key() -> None:
    key = personal.new_data_key()
    event = emit_one(a_tenant(), {"id": "pay_1", "customer": {"email": "mira@demo.test"}}, key=key)
    assert "mira@demo.test" not in event.body
    assert event_object(event)["data"]["object"]["customer"]["email"] == "mira@demo.test"

    personal.erase(key)

    event = Event.objects.unscoped("test").get(id=event.id)
    shown = event_object(event)
    assert shown["erased"] is True
    assert shown["data"]["object"] == {"id": "pay_1", "customer": {"email": None}}


@pytest.mark.django_db
def test_personal_data_without_a_key_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="no data key"):
        emit_one(a_tenant(), {"customer": {"email": "mira@demo.test"}})


@pytest.mark.parametrize("alias", ["default", "owner"])
@pytest.mark.parametrize(
    "statement", ["UPDATE events_event SET body = ''", "DELETE FROM events_event", "TRUNCATE events_event"]
)
def test_nobody_changes_an_event(committed_db: TestDatabase, alias: str, statement: str) -> None:
    event = emit_one(a_tenant(), {"id": "pay_1"})
    with pytest.raises(DatabaseError, match=r"append-only|permission denied"), connections[alias].cursor() as cursor:
        cursor.execute(statement)
    assert json.loads(Event.objects.unscoped("test").get(id=event.id).body)["data"]["object"] == {"id": "pay_1"}


def test_each_consumer_that_wants_an_event_gets_it_once(committed_db: TestDatabase) -> None:
    event = emit_one(a_tenant(), {"id": "pay_1"})
    work_off()
    assert consumed == [("note", event.id)]
    assert Consumption.objects.get().consumed_at is not None

    from gateway.work.services.enqueue import enqueue

    enqueue(kind="events.fan_out", subject_id=event.id, tenant=event.tenant)  # a fan-out that runs twice
    work_off()
    assert consumed == [("note", event.id)]


def test_a_broken_consumer_keeps_its_row_and_delays_nobody(committed_db: TestDatabase) -> None:
    tenant = a_tenant()
    emit_one(tenant, {"id": "ord_1"}, type="order.paid")
    healthy = emit_one(tenant, {"id": "pay_1"})
    work_off()
    assert consumed == [("note", healthy.id)]
    assert Work.objects.get().kind == "events.consume"
    assert Consumption.objects.get(consumer="tests.other").consumed_at is None
