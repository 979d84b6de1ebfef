"""Sending many events again."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from psycopg.errors import DeadlockDetected

from gateway.audit.models import AuditEntry
from gateway.core import clock
from gateway.core.errors import Invalid
from gateway.core.ids import new_id
from gateway.core.tenancy import Tenant
from gateway.events.models import Event
from gateway.idempotency.errors import KeyInUse
from gateway.idempotency.models import IdempotencyKey
from gateway.idempotency.services.open_call import open_call
from gateway.work.models import Work
from gateway.work.rules import Retry
from gateway.work.services.claim import claim_next
from gateway.work.services.run import run
from merchants.models import Merchant
from tests.support.database import TestDatabase
from tests.support.events import emit_order_paid
from tests.support.merchants import key_caller
from tests.support.receiver import Receiver
from tests.support.work import run_due_work
from webhooks import consumers, states
from webhooks.models import Delivery, EndpointCounter
from webhooks.services import replay_events as service
from webhooks.services.create_endpoint import CreatedEndpoint, create_endpoint
from webhooks.services.fan_out_events import queue_deliveries
from webhooks.services.replay_events import replay_events

WHY = "a test looks at its own rows"


def emitted(tenant: Tenant, count: int) -> list[Event]:
    events = [emit_order_paid(tenant) for _ in range(count)]
    run_due_work()
    return events


def test_a_replay_asks_the_database_as_often_for_many_events_as_for_two(
    tenant: Tenant, created: CreatedEndpoint, receiver: Receiver
) -> None:
    create_endpoint(tenant=tenant, url=receiver.url, now=clock.now())
    ids = [event.id for event in emitted(tenant, 8)]
    create_endpoint(tenant=tenant, url=receiver.url, now=clock.now())  # it takes the next numbers

    counts = []
    for chosen in (ids[:2], ids[2:]):
        with CaptureQueriesContext(connection) as queries:
            assert replay_events(tenant=tenant, event_ids=chosen) == 3 * len(chosen)
        counts.append(len(queries))

    assert counts[0] == counts[1]
    (locked,) = [query["sql"] for query in queries if "FOR UPDATE" in query["sql"] and '"sequence"' in query["sql"]]
    assert 'ORDER BY "webhooks_delivery"."id" ASC' in locked, "in the order in which a pause locks them"
    run_due_work()
    assert set(Delivery.objects.unscoped(WHY).values_list("status", flat=True)) == {states.DELIVERED}
    for counter in EndpointCounter.objects.all():
        numbers = Delivery.objects.unscoped(WHY).filter(endpoint_id=counter.endpoint_id).order_by("event_id")
        assert list(numbers.values_list("sequence", flat=True)) == list(range(1, counter.last_sequence + 1))
        assert counter.last_sequence == 8


def test_every_step_is_a_transaction_of_its_own_and_a_broken_replay_can_be_asked_again(
    tenant: Tenant, created: CreatedEndpoint, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "EVENTS_PER_STEP", 2)
    emitted(tenant, 5)
    steps: list[int] = []

    def break_in_the_second_step(deliveries: list[Delivery]) -> None:
        steps.append(len(deliveries))
        if len(steps) == 2:
            raise RuntimeError
        queue_deliveries(deliveries)

    monkeypatch.setattr(service, "queue_deliveries", break_in_the_second_step)

    with pytest.raises(RuntimeError):
        replay_events(tenant=tenant)

    by_status = Delivery.objects.unscoped(WHY).order_by("sequence").values_list("status", flat=True)
    assert list(by_status) == [states.PENDING] * 2 + [states.DELIVERED] * 3
    assert Work.objects.filter(kind="webhooks.deliver").count() == 2
    assert [
        row.data["deliveries"] for row in AuditEntry.objects.for_merchant(tenant).filter(action="event.replayed")
    ] == [2]

    assert replay_events(tenant=tenant) == 3
    run_due_work()

    assert len(receiver.requests) == 10
    assert [
        row.data["deliveries"]
        for row in AuditEntry.objects.for_merchant(tenant).filter(action="event.replayed").order_by("id")
    ] == [
        2,
        0,
        2,
        1,
    ]


def test_a_key_makes_a_replay_of_several_steps_happen_once(
    tenant: Tenant, created: CreatedEndpoint, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "EVENTS_PER_STEP", 2)
    caller = key_caller(tenant)
    since = (timezone.now() - timedelta(minutes=1)).isoformat()
    emitted(tenant, 3)

    answers = []
    for _ in range(2):
        answers.append(
            caller.post("/api/v1/events/replay", {"created_gte": since}, headers={"Idempotency-Key": "once"})
        )
        run_due_work()

    assert [answer.json() for answer in answers] == [{"object": "replay", "deliveries": 3}] * 2
    assert answers[1]["Idempotent-Replayed"] == "true"
    assert len(receiver.requests) == 6


def test_every_step_renews_the_claim_of_the_key_and_stops_where_it_was_lost(
    tenant: Tenant, created: CreatedEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "EVENTS_PER_STEP", 1)
    emitted(tenant, 4)
    keys = IdempotencyKey.objects.for_merchant(tenant)
    call = open_call(
        tenant=tenant,
        caller_class="secret",
        key="once",
        method="POST",
        path="/api/v1/events/replay",
        body={},
        render=lambda _started: (200, b"{}"),
    )
    left: list[timedelta] = []

    def take_long(deliveries: list[Delivery]) -> None:
        queue_deliveries(deliveries)
        left.append(keys.get().lease_until - timezone.now())
        keys.update(lease_until=timezone.now() - timedelta(seconds=1))
        if len(left) == 3:
            keys.update(epoch=F("epoch") + 1)  # and somebody else took it over

    monkeypatch.setattr(service, "queue_deliveries", take_long)

    with pytest.raises(KeyInUse):
        replay_events(tenant=tenant, call=call)

    assert len(left) == 3
    assert min(left) > timedelta(0)
    assert Delivery.objects.unscoped(WHY).filter(status=states.PENDING).count() == 3


def test_a_replay_that_the_database_broke_off_is_finished_by_asking_again_at_once(
    tenant: Tenant, created: CreatedEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "EVENTS_PER_STEP", 1)
    caller = key_caller(tenant)
    since = (timezone.now() - timedelta(minutes=1)).isoformat()
    emitted(tenant, 3)
    steps: list[int] = []

    def break_in_the_second_step(deliveries: list[Delivery]) -> None:
        steps.append(len(deliveries))
        if len(steps) == 2:
            raise OperationalError from DeadlockDetected()
        queue_deliveries(deliveries)

    monkeypatch.setattr(service, "queue_deliveries", break_in_the_second_step)

    def ask(body: dict[str, str]) -> Any:
        return caller.post("/api/v1/events/replay", body, headers={"Idempotency-Key": "once"})

    broken, other, again = (
        ask({"created_gte": since}),
        ask({"created_gte": since, "endpoint": created.endpoint.public_id}),
        ask({"created_gte": since}),
    )

    assert (broken.status_code, broken["Retry-After"]) == (503, "1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert again.json() == {"object": "replay", "deliveries": 2}, "the first is under way already"
    assert ask({"created_gte": since})["Idempotent-Replayed"] == "true"


def test_a_range_that_is_too_large_names_its_field_and_leaves_the_key_free(
    tenant: Tenant, created: CreatedEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_EVENTS", 2)
    caller = key_caller(tenant)
    since = (timezone.now() - timedelta(minutes=1)).isoformat()
    emitted(tenant, 3)

    refused = caller.post("/api/v1/events/replay", {"created_gte": since}, headers={"Idempotency-Key": "once"})
    narrower = caller.post(
        "/api/v1/events/replay", {"created_gte": since, "types": ["payment.*"]}, headers={"Idempotency-Key": "once"}
    )

    assert refused.status_code == 400
    assert [(error["field"], error["code"]) for error in refused.json()["errors"]] == [
        ("created_gte", "range_too_large")
    ]
    assert narrower.json() == {"object": "replay", "deliveries": 0}
    with pytest.raises(Invalid):
        replay_events(tenant=tenant)


def test_a_range_is_a_time_on_the_merchants_clock_as_in_the_list(tenant: Tenant, created: CreatedEndpoint) -> None:
    def happened(days: int) -> Event:
        Merchant.objects.filter(id=tenant.merchant_id).update(test_clock_offset=timedelta(days=days))
        with clock.of_merchant(tenant.merchant_id, tenant.livemode):
            return emit_order_paid(tenant)

    caller = key_caller(tenant)
    _past, tomorrow, _later = happened(-40), happened(1), happened(40)
    run_due_work()
    window = {
        "created_gte": (timezone.now() + timedelta(hours=1)).isoformat(),
        "created_lt": (timezone.now() + timedelta(days=2)).isoformat(),
    }

    listed = caller.get("/api/v1/events", window).json()["data"]
    replayed = caller.post("/api/v1/events/replay", window)

    assert [row["id"] for row in listed] == [tomorrow.public_id]
    assert replayed.json()["deliveries"] == 1
    assert Delivery.objects.unscoped(WHY).get(status=states.PENDING).event_id == tomorrow.id


@pytest.mark.parametrize("livemode", [True, False])
def test_a_range_reads_the_months_that_it_can_be_in(tenant: Tenant, livemode: bool) -> None:
    def months_read(since: datetime, until: datetime | None) -> set[str]:
        with CaptureQueriesContext(connection) as queries:
            replay_events(tenant=Tenant(tenant.merchant_id, livemode), since=since, until=until)
        (chosen,) = [query["sql"] for query in queries if f"LIMIT {service.MAX_EVENTS + 1}" in query["sql"]]
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {chosen}")
            return set(re.findall(r"events_event_(y\d{4}m\d{2})\b", "\n".join(row[0] for row in cursor.fetchall())))

    now = timezone.now()
    recent, old = now - timedelta(hours=1), now - timedelta(days=70)

    assert min(months_read(recent, None)) == f"{recent - timedelta(minutes=1):y%Ym%m}"
    if livemode:
        read = months_read(old, old + timedelta(hours=1))
        assert (min(read), max(read)) == (
            f"{old - timedelta(minutes=1):y%Ym%m}", f"{old + timedelta(days=1, hours=1):y%Ym%m}",
        )  # fmt: skip


@pytest.mark.parametrize("livemode", [True, False])
def test_a_range_may_begin_and_end_anywhere_in_time(tenant: Tenant, livemode: bool) -> None:
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    for days in (-40, 0, 400_000):
        Merchant.objects.filter(id=tenant.merchant_id).update(test_clock_offset=timedelta(days=days))
        for since, until in ((first, last), (last, last), (first, first)):
            assert replay_events(tenant=Tenant(tenant.merchant_id, livemode), since=since, until=until) == 0


def test_an_event_whose_counters_are_held_comes_back_without_a_strike(
    committed_db: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "_LOCK_TIMEOUT", "100ms")
    merchant = Merchant.objects.create(name="Lumen Supply Co.", slug=f"merchant-{new_id()}")
    tenant = Tenant(merchant.id, livemode=False)
    endpoint = create_endpoint(tenant=tenant, url="https://example.com/hooks", now=clock.now()).endpoint
    emit_order_paid(tenant, type="order.created")
    held, over = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            list(EndpointCounter.objects.select_for_update().filter(endpoint_id=endpoint.id))
            held.set()
            over.wait(60)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert held.wait(60)
        for _ in range(2):  # the fan-out, then the consumption
            claim = claim_next("default")
            assert claim is not None
            result = run(claim)
    finally:
        over.set()
        thread.join()

    assert isinstance(result, Retry)
    assert not result.counts
    assert Work.objects.get().strikes == 0
    Work.objects.update(run_at=timezone.now())
    claim = claim_next("default")
    assert claim is not None
    run(claim)
    assert Delivery.objects.unscoped(WHY).get().sequence == 1
