"""How an endpoint's answers change what is sent to it, and what is said of that."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from gateway.audit.models import AuditEntry
from gateway.core import http
from gateway.core.tenancy import Tenant
from gateway.work.models import Work
from gateway.work.selectors import due_by, queue_status
from tests.support.events import emit_order_paid
from tests.support.receiver import Receiver, answer
from tests.support.work import run_due_work
from webhooks import states
from webhooks.models import Delivery, Endpoint, EndpointHealth
from webhooks.rules.answers import Verdict
from webhooks.selectors.representations import health_object
from webhooks.services import deliver as deliver_service
from webhooks.services.create_endpoint import CreatedEndpoint
from webhooks.services.delete_endpoint import delete_endpoint
from webhooks.services.note_health import note_health
from webhooks.services.record_attempt import Exchange
from webhooks.services.retry_delivery import retry_delivery
from webhooks.services.take_place import take_place
from webhooks.services.update_endpoint import update_endpoint

WHY = "a test looks at its own rows"


def the_delivery() -> Delivery:
    return Delivery.objects.unscoped(WHY).get()


def retrying(tenant: Tenant) -> int:
    return {row["queue"]: row["retrying"] for row in queue_status(tenant)}["webhooks"]


@pytest.mark.parametrize("change", ["moved", "deleted"])
def test_a_late_410_leaves_an_endpoint_alone_that_was_moved_or_deleted_meanwhile(
    tenant: Tenant, created: CreatedEndpoint, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    receiver.behaviours = [answer(410)]
    emit_order_paid(tenant)
    request = http.request

    def ask_and_change(*args: Any, **kwargs: Any) -> http.Response:
        response = request(*args, **kwargs)
        if change == "moved":
            update_endpoint(tenant=tenant, endpoint_id=created.endpoint.id, url="https://example.com/hooks")
        else:
            delete_endpoint(tenant=tenant, endpoint_id=created.endpoint.id)
        return response

    monkeypatch.setattr(http, "request", ask_and_change)

    run_due_work()

    endpoint = Endpoint.objects.unscoped(WHY).get()
    assert endpoint.status == (states.ENABLED if change == "moved" else states.DELETED)
    assert not AuditEntry.objects.for_merchant(tenant).filter(action="webhook_endpoint.disabled").exists()
    assert the_delivery().status == (states.PENDING if change == "moved" else states.DISCARDED)
    assert [row.strikes for row in Work.objects.all()] == ([0] if change == "moved" else [])


def test_a_short_pause_does_not_end_a_longer_one(created: CreatedEndpoint) -> None:
    asked = timezone.now() + timedelta(minutes=50)
    EndpointHealth.objects.update(slowed_until=asked, consecutive_failures=4)
    failed = Exchange(number=1, started_at=timezone.now(), url=created.endpoint.url, request_headers={}, status=500)

    note_health(endpoint_id=created.endpoint.id, exchange=failed, verdict=Verdict.FAILURE)

    assert EndpointHealth.objects.get().slowed_until == asked


def test_an_endpoint_is_never_said_to_have_been_disabled_in_the_past(created: CreatedEndpoint) -> None:
    now = timezone.now()

    def shown(failing_for: timedelta, warned_at: datetime | None) -> datetime:
        EndpointHealth.objects.update(failing_since=now - failing_for, warned_at=warned_at, consecutive_failures=1)
        endpoint = Endpoint.objects.unscoped(WHY).select_related("health").get()
        return datetime.fromisoformat(health_object(endpoint)["will_be_disabled_at"])

    assert shown(timedelta(days=10), None) >= now + timedelta(days=1) - timedelta(milliseconds=1)
    hour_ago = now - timedelta(hours=1)
    assert abs(shown(timedelta(days=10), hour_ago) - (hour_ago + timedelta(days=1))) < timedelta(milliseconds=1)
    assert abs(shown(timedelta(days=2), None) - (now + timedelta(days=3))) < timedelta(milliseconds=1)


@pytest.mark.parametrize("slow", [True, False])
def test_an_endpoint_that_took_long_leaves_places_for_the_others(
    tenant: Tenant, created: CreatedEndpoint, receiver: Receiver, slow: bool
) -> None:
    emit_order_paid(tenant)
    run_due_work()
    assert EndpointHealth.objects.get().last_elapsed_ms is not None
    EndpointHealth.objects.update(last_elapsed_ms=14_000 if slow else 20)
    emit_order_paid(tenant)

    with ExitStack() as others:
        for _ in range(2):
            assert others.enter_context(take_place(holds_up=True))
        run_due_work()

    assert len(receiver.requests) == (1 if slow else 2)


def test_who_finds_no_place_stands_back_for_longer_when_much_is_due(
    tenant: Tenant, created: CreatedEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver_service, "_random", _Highest())
    emit_order_paid(tenant)
    waits = []

    with ExitStack() as others:
        while others.enter_context(take_place(holds_up=False)):
            pass
        for waiting in (1, 100, 1000):
            monkeypatch.setattr(deliver_service, "due_by", lambda *_, waiting=waiting: waiting)
            began = timezone.now()
            run_due_work()
            waits.append((Work.objects.get().run_at - began).total_seconds())
            Work.objects.update(run_at=timezone.now())

    assert 0.2 <= waits[0] < waits[1] < waits[2]
    assert waits[1] >= 2
    assert waits[2] >= 5
    assert retrying(tenant) == 0, "it was not tried yet"
    assert due_by("webhooks", timezone.now()) == 1


class _Highest:
    def uniform(self, _low: float, high: float) -> float:
        return high


def test_the_status_counts_a_delivery_that_failed_as_retrying_until_its_next_attempt(
    tenant: Tenant, created: CreatedEndpoint, receiver: Receiver
) -> None:
    receiver.behaviours = [answer(500), answer(500)]
    emit_order_paid(tenant)
    run_due_work()
    assert retrying(tenant) == 1

    EndpointHealth.objects.update(slowed_until=timezone.now() + timedelta(hours=1))
    past = timezone.now() - timedelta(seconds=1)
    Delivery.objects.unscoped(WHY).update(next_attempt_at=past)
    Work.objects.update(run_at=past)
    run_due_work()
    assert (retrying(tenant), len(receiver.requests)) == (1, 1), "a turn that is put off is no success"

    EndpointHealth.objects.update(slowed_until=None)
    Work.objects.update(run_at=past)
    run_due_work()
    assert (retrying(tenant), len(receiver.requests)) == (1, 2)
    assert Work.objects.get().strikes == 0


def test_sending_again_lets_the_work_out_of_quarantine(
    tenant: Tenant, created: CreatedEndpoint, receiver: Receiver
) -> None:
    receiver.behaviours = [answer(500)]
    emit_order_paid(tenant)
    run_due_work()
    Work.objects.update(state="quarantined", strikes=5)

    retry_delivery(tenant=tenant, delivery_id=the_delivery().id)
    work = Work.objects.get()
    run_due_work()

    assert the_delivery().status == states.DELIVERED
    (released,) = AuditEntry.objects.for_merchant(tenant).filter(action="work.released")
    assert released.subject_id == str(work.id)
    assert released.data == {"kind": "webhooks.deliver", "subject": str(the_delivery().id)}
