"""What the oracle and the watch see of deliveries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gateway.core import clock
from gateway.core.tenancy import Tenant
from gateway.work.models import Work
from gateway.work.services.claim import claim_next
from gateway.work.services.run import run
from tests.support.events import emit_order_paid
from tests.support.receiver import Receiver
from tests.support.work import run_due_work
from webhooks import states
from webhooks.invariants import gapless_sequences, one_delivery_per_event
from webhooks.models import Delivery, Endpoint
from webhooks.selectors.witness import delivery_differences
from webhooks.services.create_endpoint import CreatedEndpoint, create_endpoint
from webhooks.services.fan_out_events import fan_out_events
from webhooks.services.update_endpoint import update_endpoint

WHY = "a test looks at its own rows"


@pytest.fixture(autouse=True)
def old_endpoint(created: CreatedEndpoint) -> Endpoint:
    """The endpoint has listened with its present filter for longer than the margin."""
    past = timezone.now() - timedelta(minutes=1)
    Endpoint.objects.unscoped(WHY).update(filter_since=past, enabled_since=past)
    return Endpoint.objects.unscoped(WHY).get()


def test_an_event_on_its_way_to_its_deliveries_is_no_violation(tenant: Tenant) -> None:
    emit_order_paid(tenant)

    while Work.objects.exclude(kind="webhooks.deliver").exists():
        assert list(one_delivery_per_event.violations()) == []
        _run_one()

    assert Delivery.objects.unscoped(WHY).count() == 1
    assert list(one_delivery_per_event.violations()) == []


def _run_one() -> None:
    claim = claim_next("default")
    assert claim is not None
    run(claim)


@pytest.mark.parametrize("kind", ["events.fan_out", "events.consume"])
def test_an_event_that_ended_in_quarantine_is_missing(tenant: Tenant, old_endpoint: Endpoint, kind: str) -> None:
    event = emit_order_paid(tenant)
    if kind == "events.consume":
        _run_one()
    Work.objects.filter(kind=kind).update(state="quarantined")

    (found,) = one_delivery_per_event.violations()

    assert found.subject == event.public_id
    assert found.detail == f"(order.paid) has no delivery to {old_endpoint.public_id}"
    assert f"event {event.public_id} (order.paid) has no delivery to {old_endpoint.public_id}." in list(
        delivery_differences()
    )


def test_only_events_that_pass_the_filter_are_missed(tenant: Tenant, old_endpoint: Endpoint) -> None:
    for kind in ("order.paid", "order.expired", "payment.failed"):
        emit_order_paid(tenant, type=kind)
    Work.objects.all().delete()

    for asked, missing in (
        (["*"], 3),
        (["order.*"], 2),
        (["order.paid", "payment.succeeded"], 1),
        (["payment.*", "payment.failed"], 1),
        (["refund.*"], 0),
    ):
        Endpoint.objects.unscoped(WHY).update(enabled_events=asked)
        assert len(list(one_delivery_per_event.violations())) == missing, asked


def test_a_check_takes_one_query_however_many_endpoints_there_are(tenant: Tenant, receiver: Receiver) -> None:
    for _ in range(5):
        create_endpoint(tenant=tenant, url=receiver.url, now=clock.now())
    emit_order_paid(tenant)
    run_due_work()

    for invariant in (one_delivery_per_event, gapless_sequences):
        with CaptureQueriesContext(connection) as queries:
            assert list(invariant.violations()) == []
        assert len(queries) == 1


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ("DELETE FROM webhooks_delivery WHERE sequence = 1", "2 deliveries, the counter says 3"),
        ("DELETE FROM webhooks_delivery WHERE sequence = 2", "2 deliveries, the counter says 3"),
        ("DELETE FROM webhooks_delivery WHERE sequence = 3", "2 deliveries, the counter says 3"),
        ("UPDATE webhooks_delivery SET sequence = 4 WHERE sequence = 2", "3 deliveries, the counter says 3"),
        ("UPDATE webhooks_endpointcounter SET last_sequence = 4", "3 deliveries, the counter says 4"),
        ("DELETE FROM webhooks_endpointcounter", "3 deliveries, the counter says nothing"),
    ],
)
def test_every_kind_of_gap_is_found(tenant: Tenant, old_endpoint: Endpoint, change: str, detail: str) -> None:
    fan_out_events(tenant=tenant, events=[emit_order_paid(tenant) for _ in range(3)])
    assert list(gapless_sequences.violations()) == []
    with connection.cursor() as cursor:
        cursor.execute(change)

    (found,) = gapless_sequences.violations()

    assert (found.subject, found.detail) == (old_endpoint.public_id, detail)


def test_a_delivery_discarded_at_an_endpoint_that_listens_is_a_difference(
    tenant: Tenant, created: CreatedEndpoint
) -> None:
    emit_order_paid(tenant)
    run_due_work()
    assert list(delivery_differences()) == []

    Delivery.objects.unscoped(WHY).update(status=states.DISCARDED)

    delivery = Delivery.objects.unscoped(WHY).get()
    assert list(delivery_differences()) == [
        f"delivery {delivery.public_id} of order.paid is discarded although its endpoint listens."
    ]


def test_what_a_pause_discarded_is_none(tenant: Tenant, created: CreatedEndpoint) -> None:
    update_endpoint(tenant=tenant, endpoint_id=created.endpoint.id, status=states.PAUSED)
    emit_order_paid(tenant)
    run_due_work()
    assert Delivery.objects.unscoped(WHY).get().status == states.DISCARDED
    assert list(delivery_differences()) == []

    update_endpoint(tenant=tenant, endpoint_id=created.endpoint.id, status=states.ENABLED)

    assert list(delivery_differences()) == []
