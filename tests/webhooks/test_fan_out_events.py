import threading
from uuid import UUID

from django.db import connection, transaction

from gateway.core import clock
from gateway.core.ids import new_id
from gateway.core.tenancy import Tenant
from gateway.work.models import Work
from merchants.models import Merchant
from tests.support.database import TestDatabase
from tests.support.events import emit_order_paid
from tests.support.receiver import Receiver, answer
from tests.support.work import run_due_work
from webhooks import states
from webhooks.invariants import gapless_sequences, one_delivery_per_event, unfinished_deliveries_have_work
from webhooks.models import Delivery, EndpointCounter
from webhooks.services.create_endpoint import CreatedEndpoint, create_endpoint
from webhooks.services.fan_out_events import fan_out_events
from webhooks.services.replay_events import replay_events
from webhooks.services.update_endpoint import update_endpoint

WHY = "a test looks at its own rows"


def rows(endpoint_id: UUID) -> list[tuple[int, str, str]]:
    found = Delivery.objects.unscoped(WHY).filter(endpoint_id=endpoint_id).order_by("sequence")
    return [(row.sequence, row.event_type, row.status) for row in found]


def test_only_matching_events_get_a_delivery_and_numbers_follow_each_other(tenant: Tenant, receiver: Receiver) -> None:
    payments = create_endpoint(tenant=tenant, url=receiver.url, enabled_events=["payment.*"], now=clock.now()).endpoint
    orders = create_endpoint(tenant=tenant, url=receiver.url, enabled_events=["order.paid"], now=clock.now()).endpoint

    for kind in ("order.paid", "payment.succeeded", "order.expired", "payment.failed", "order.paid"):
        emit_order_paid(tenant, type=kind)
        run_due_work()

    assert rows(payments.id) == [(1, "payment.succeeded", "delivered"), (2, "payment.failed", "delivered")]
    assert rows(orders.id) == [(1, "order.paid", "delivered"), (2, "order.paid", "delivered")]


def test_another_merchants_and_the_other_modes_endpoints_hear_nothing(tenant: Tenant, receiver: Receiver) -> None:
    other = Merchant.objects.create(name="Other", slug="other")
    create_endpoint(tenant=Tenant(other.id, livemode=False), url=receiver.url, now=clock.now())
    create_endpoint(tenant=Tenant(tenant.merchant_id, livemode=True), url="https://example.com/hooks", now=clock.now())

    emit_order_paid(tenant)
    run_due_work()

    assert not Delivery.objects.unscoped(WHY).exists()


def test_a_paused_endpoint_gets_numbers_and_discarded_deliveries_that_can_be_replayed(
    tenant: Tenant, created: CreatedEndpoint, receiver: Receiver
) -> None:
    endpoint_id = created.endpoint.id
    emit_order_paid(tenant)
    run_due_work()
    update_endpoint(tenant=tenant, endpoint_id=endpoint_id, status=states.PAUSED)
    emit_order_paid(tenant, type="order.expired")
    run_due_work()
    assert rows(endpoint_id) == [(1, "order.paid", "delivered"), (2, "order.expired", "discarded")]
    update_endpoint(tenant=tenant, endpoint_id=endpoint_id, status=states.ENABLED)

    started = replay_events(tenant=tenant, endpoint_id=endpoint_id, undelivered_only=True)
    run_due_work()

    assert started == 1
    assert rows(endpoint_id) == [(1, "order.paid", "delivered"), (2, "order.expired", "delivered")]
    assert len(receiver.requests) == 2


def test_pausing_discards_what_waits(tenant: Tenant, created: CreatedEndpoint, receiver: Receiver) -> None:
    receiver.default = answer(500)
    emit_order_paid(tenant)
    run_due_work()

    update_endpoint(tenant=tenant, endpoint_id=created.endpoint.id, status=states.PAUSED)

    assert rows(created.endpoint.id) == [(1, "order.paid", "discarded")]
    assert not Work.objects.exists(), "its work would keep the gateway from being quiet for a day"
    run_due_work()
    assert len(receiver.requests) == 1


def test_a_replay_keeps_its_number_and_an_event_that_was_never_sent_takes_the_next(
    tenant: Tenant, receiver: Receiver
) -> None:
    early = emit_order_paid(tenant)
    run_due_work()
    endpoint = create_endpoint(tenant=tenant, url=receiver.url, now=clock.now()).endpoint
    late = emit_order_paid(tenant)
    run_due_work()

    replay_events(tenant=tenant, event_ids=[late.id])
    replay_events(tenant=tenant, event_ids=[early.id])
    run_due_work()

    numbers = Delivery.objects.unscoped(WHY).order_by("sequence").values_list("sequence", "event_id", "attempts")
    assert list(numbers) == [(1, late.id, 2), (2, early.id, 1)]
    assert [request.headers["webhook-id"] for request in receiver.requests] == [
        late.public_id, late.public_id, early.public_id,
    ]  # fmt: skip
    assert EndpointCounter.objects.get(endpoint=endpoint).last_sequence == 2


def test_fanning_out_the_same_event_twice_makes_one_delivery(tenant: Tenant, created: CreatedEndpoint) -> None:
    event = emit_order_paid(tenant)

    with transaction.atomic():
        assert len(fan_out_events(tenant=tenant, events=[event])) == 1
        assert fan_out_events(tenant=tenant, events=[event]) == []

    assert Delivery.objects.unscoped(WHY).count() == 1


def test_numbers_have_no_gaps_when_many_events_are_fanned_out_at_once(committed_db: TestDatabase) -> None:
    merchant = Merchant.objects.create(name="Lumen Supply Co.", slug=f"merchant-{new_id()}")
    tenant = Tenant(merchant.id, livemode=False)
    endpoints = [
        create_endpoint(tenant=tenant, url=f"https://example.com/{name}", now=clock.now()).endpoint for name in "abc"
    ]
    with transaction.atomic():
        events = [emit_order_paid(tenant) for _ in range(20)]
    errors: list[BaseException] = []

    def work(mine: list[object]) -> None:
        try:
            for event in mine:
                with transaction.atomic():
                    fan_out_events(tenant=tenant, events=[event])  # type: ignore[list-item]
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(events[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    for endpoint in endpoints:
        assert [number for number, _, _ in rows(endpoint.id)] == list(range(1, 21))


def test_the_invariants_hold_after_all_this_and_find_what_is_broken(
    tenant: Tenant, created: CreatedEndpoint, receiver: Receiver
) -> None:
    receiver.default = answer(500)
    for _ in range(3):
        emit_order_paid(tenant)
        run_due_work()
    for invariant in (gapless_sequences, one_delivery_per_event, unfinished_deliveries_have_work):
        assert list(invariant.violations()) == []

    EndpointCounter.objects.update(last_sequence=7)

    assert [found.detail for found in gapless_sequences.violations()] == ["3 deliveries, the counter says 7"]
