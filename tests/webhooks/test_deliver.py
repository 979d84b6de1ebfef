import json
import time
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone
from pytest_django import Settings
from standardwebhooks import Webhook

from gateway.core import clock
from gateway.core.tenancy import Tenant
from gateway.events.models import Event
from gateway.events.selectors.events import event_body
from gateway.work.models import Work
from gateway.work.services.enqueue import enqueue
from tests.support.events import emit_order_paid
from tests.support.receiver import Receiver, answer, drip, hang, hang_up
from tests.support.work import run_due_work
from webhooks import states
from webhooks.models import Delivery, DeliveryAttempt, Endpoint, EndpointHealth
from webhooks.rules.schedule import BREAKER_THRESHOLD, cooldown
from webhooks.rules.signatures import body_signature
from webhooks.selectors.deliveries import attempts_of
from webhooks.services import deliver as deliver_service
from webhooks.services.create_endpoint import CreatedEndpoint, create_endpoint
from webhooks.services.rotate_secret import rotate_secret

WHY = "a test looks at its own rows"


def the_delivery() -> Delivery:
    return Delivery.objects.unscoped(WHY).get()


def make_due() -> None:
    """Let the scheduled attempts come now, and the breaker close its eye."""
    past = timezone.now() - timedelta(seconds=1)
    Delivery.objects.unscoped(WHY).filter(status=states.PENDING).update(next_attempt_at=past)
    EndpointHealth.objects.update(slowed_until=None)
    Work.objects.update(run_at=past)


def test_an_event_is_delivered_once_with_the_bytes_that_are_stored(
    tenant: Tenant, created: CreatedEndpoint, receiver: Receiver
) -> None:
    event = emit_order_paid(tenant)

    run_due_work()

    (request,) = receiver.requests
    assert request.body == event_body(event)
    assert Webhook(created.secret).verify(request.body, request.headers) == json.loads(event.body)
    assert request.headers["webhook-id"] == event.public_id
    assert request.headers["x-webhook-signature"] == body_signature(created.secret, request.body)
    assert request.headers["content-type"] == "application/json"
    assert "x-webhook-signature-next" not in request.headers
    body = json.loads(request.body)
    assert (body["type"], body["event"], body["amount"], body["livemode"]) == ("order.paid", "order.paid", 4999, False)
    delivery = the_delivery()
    assert (delivery.status, delivery.sequence, delivery.attempts, delivery.response_status) == (
        states.DELIVERED, 1, 1, 200,
    )  # fmt: skip
    assert Work.objects.count() == 0


def test_every_attempt_is_recorded_with_what_was_sent_and_what_came_back(
    tenant: Tenant, created: CreatedEndpoint, receiver: Receiver
) -> None:
    receiver.behaviours = [
        answer(500, b"no, 4242 4242 4242 4242 is broken" + b"x" * 10_000, set_cookie="session=1", x_trace="abc")
    ]
    emit_order_paid(tenant)

    run_due_work()

    (attempt,) = attempts_of(the_delivery())
    assert (attempt.number, attempt.response_status, attempt.error_code) == (1, 500, "http_status")
    assert attempt.response_body.startswith("no, [card number] is broken")
    assert len(attempt.response_body) == 4096
    assert attempt.response_headers["x-trace"] == "abc"
    assert attempt.response_headers["set-cookie"] == "[redacted]"
    assert attempt.request_headers["webhook-signature"].startswith("v1,")
    assert created.secret not in json.dumps(attempt.request_headers)
    assert attempt.elapsed_ms is not None


def test_a_failed_delivery_is_tried_ten_times_and_keeps_its_webhook_id(
    tenant: Tenant, created: CreatedEndpoint, receiver: Receiver
) -> None:
    receiver.default = answer(500)
    event = emit_order_paid(tenant)

    for _ in range(12):
        run_due_work()
        make_due()

    delivery = the_delivery()
    assert (delivery.status, delivery.attempts, len(receiver.requests)) == (states.FAILED, 10, 10)
    assert {request.headers["webhook-id"] for request in receiver.requests} == {event.public_id}
    assert [attempt.number for attempt in attempts_of(delivery)] == list(range(1, 11))
    assert Work.objects.count() == 0


def test_the_second_attempt_waits_five_seconds_give_or_take_a_fifth(
    tenant: Tenant, created: CreatedEndpoint, receiver: Receiver
) -> None:
    receiver.behaviours = [answer(503)]
    emit_order_paid(tenant)

    run_due_work()

    delivery = the_delivery()
    assert delivery.next_attempt_at is not None
    wait = delivery.next_attempt_at - attempts_of(delivery)[0].started_at
    assert timedelta(seconds=4) <= wait <= timedelta(seconds=30)  # the exchange itself is part of it
    assert Work.objects.get().run_at == delivery.next_attempt_at


def test_the_time_scale_divides_the_wait(
    tenant: Tenant, created: CreatedEndpoint, receiver: Receiver, settings: Settings
) -> None:
    settings.WEBHOOK_TIME_SCALE = 1000
    receiver.behaviours = [answer(503)]
    emit_order_paid(tenant)

    run_due_work()

    wait = (the_delivery().next_attempt_at or timezone.now()) - timezone.now()
    assert wait < timedelta(seconds=0.01)


def test_retry_after_lengthens_the_wait(tenant: Tenant, created: CreatedEndpoint, receiver: Receiver) -> None:
    receiver.behaviours = [answer(429, retry_after="120")]
    emit_order_paid(tenant)

    run_due_work()

    wait = (the_delivery().next_attempt_at or timezone.now()) - timezone.now()
    assert timedelta(seconds=110) < wait <= timedelta(seconds=120)
    slowed_until = EndpointHealth.objects.get().slowed_until
    assert slowed_until is not None
    assert slowed_until > timezone.now() + timedelta(seconds=110)


@pytest.mark.parametrize("status", [429, 500])
def test_no_retry_after_keeps_a_failure_from_being_recorded(
    tenant: Tenant, created: CreatedEndpoint, receiver: Receiver, status: int
) -> None:
    receiver.behaviours = [answer(status, retry_after="Mon, 01 Jan 2026 99999999999999999999:00:00 GMT")]
    emit_order_paid(tenant)

    run_due_work()

    (attempt,) = attempts_of(the_delivery())
    assert (attempt.response_status, the_delivery().status) == (status, states.PENDING)
    assert EndpointHealth.objects.get().consecutive_failures == 1
    assert Work.objects.get().strikes == 0


def test_a_redirect_is_a_failure_and_is_never_followed(
    tenant: Tenant, created: CreatedEndpoint, receiver: Receiver
) -> None:
    receiver.behaviours = [answer(302, location=receiver.url.replace("/hooks", "/elsewhere"))]
    emit_order_paid(tenant)

    run_due_work()

    assert [request.path for request in receiver.requests] == ["/hooks"]
    assert (the_delivery().status, the_delivery().response_status) == (states.PENDING, 302)


def test_410_disables_the_endpoint_and_tells_the_others(
    tenant: Tenant, created: CreatedEndpoint, receiver: Receiver
) -> None:
    receiver.behaviours = [answer(410)]
    emit_order_paid(tenant)

    run_due_work()

    endpoint = Endpoint.objects.unscoped(WHY).get()
    assert (endpoint.status, endpoint.disabled_reason) == (states.DISABLED, "gone")
    statuses = Delivery.objects.unscoped(WHY).order_by("sequence").values_list("event_type", "status")
    assert list(statuses) == [("order.paid", states.DISCARDED), ("webhook_endpoint.disabled", states.DISCARDED)]
    assert Work.objects.count() == 0


@pytest.mark.parametrize("behaviour", [hang(60), drip(60)], ids=["hanging", "dripping"])
def test_the_whole_exchange_is_bounded(
    tenant: Tenant,
    created: CreatedEndpoint,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    behaviour: object,
) -> None:
    assert deliver_service.EXCHANGE_TIMEOUT_S == 15.0
    monkeypatch.setattr(deliver_service, "EXCHANGE_TIMEOUT_S", 1.5)
    receiver.behaviours = [behaviour]  # type: ignore[list-item]
    emit_order_paid(tenant)

    started = time.monotonic()
    run_due_work()

    assert time.monotonic() - started < 10
    (attempt,) = attempts_of(the_delivery())
    assert (attempt.error_code, attempt.response_status) == ("no_answer", None)
    assert attempt.elapsed_ms is not None
    assert attempt.elapsed_ms >= 300
    assert the_delivery().status == states.PENDING


def test_a_receiver_that_hangs_up_and_one_that_refuses_are_failures(
    tenant: Tenant, created: CreatedEndpoint, receiver: Receiver
) -> None:
    receiver.behaviours = [hang_up]
    emit_order_paid(tenant)
    run_due_work()
    receiver.server.shutdown()
    receiver.server.server_close()
    make_due()

    run_due_work()

    codes = [attempt.error_code for attempt in attempts_of(the_delivery())]
    assert codes == ["no_answer", "connection_refused"]
    assert all(attempt.elapsed_ms is not None for attempt in attempts_of(the_delivery()))
    assert the_delivery().status == states.PENDING


def test_an_address_that_is_not_allowed_is_never_called(
    tenant: Tenant, created: CreatedEndpoint, receiver: Receiver, settings: Settings
) -> None:
    settings.DEV_WEBHOOK_ALLOW = []
    emit_order_paid(tenant)

    run_due_work()

    assert receiver.requests == []
    assert attempts_of(the_delivery())[0].error_code not in ("", "no_answer")


def test_a_worker_that_died_in_the_middle_leaves_a_trace_and_the_event_is_sent_again(
    tenant: Tenant, created: CreatedEndpoint, receiver: Receiver
) -> None:
    emit_order_paid(tenant)
    run_due_work()
    Delivery.objects.unscoped(WHY).update(
        status=states.DELIVERING, in_flight_since=timezone.now(), delivered_at=None, round_attempts=1
    )
    enqueue(kind="webhooks.deliver", subject_id=the_delivery().id, tenant=tenant)

    run_due_work()

    codes = [(attempt.number, attempt.error_code) for attempt in attempts_of(the_delivery())]
    assert codes == [(1, ""), (1, "interrupted"), (2, "")]
    assert the_delivery().status == states.DELIVERED


def test_during_a_rotation_both_secrets_verify_a_delivery(
    tenant: Tenant, created: CreatedEndpoint, receiver: Receiver
) -> None:
    rotated = rotate_secret(tenant=tenant, endpoint_id=created.endpoint.id)
    emit_order_paid(tenant)

    run_due_work()

    (request,) = receiver.requests
    Webhook(created.secret).verify(request.body, request.headers)
    Webhook(rotated.secret).verify(request.body, request.headers)
    assert request.headers["x-webhook-signature"] == body_signature(created.secret, request.body)
    assert request.headers["x-webhook-signature-next"] == body_signature(rotated.secret, request.body)


def test_a_rotation_without_overlap_revokes_at_once(
    tenant: Tenant, created: CreatedEndpoint, receiver: Receiver
) -> None:
    rotated = rotate_secret(tenant=tenant, endpoint_id=created.endpoint.id, overlap=timedelta())
    emit_order_paid(tenant)

    run_due_work()

    (request,) = receiver.requests
    assert request.headers["webhook-signature"].count("v1,") == 1
    assert request.headers["x-webhook-signature"] == body_signature(rotated.secret, request.body)


def test_one_dead_endpoint_does_not_hold_up_the_other(
    tenant: Tenant, created: CreatedEndpoint, receiver: Receiver, settings: Settings
) -> None:
    closed = "127.0.0.1:9"
    settings.DEV_WEBHOOK_ALLOW = [*settings.DEV_WEBHOOK_ALLOW, closed]
    dead = create_endpoint(tenant=tenant, url=f"http://{closed}/hooks", now=clock.now())
    for _ in range(12):
        emit_order_paid(tenant)
    started = time.monotonic()

    run_due_work()

    alive = Delivery.objects.unscoped(WHY).filter(endpoint=created.endpoint)
    assert set(alive.values_list("status", flat=True)) == {states.DELIVERED}
    assert len(receiver.requests) == 12
    # The breaker opened after five failures in a row; the others wait, but for one probe after each cooldown that passed.
    tried = DeliveryAttempt.objects.unscoped(WHY).filter(delivery__endpoint=dead.endpoint).count()
    passed, probes = timedelta(seconds=time.monotonic() - started), 0
    while (passed := passed - cooldown(BREAKER_THRESHOLD + probes)) > timedelta():
        probes += 1
    assert BREAKER_THRESHOLD <= tried <= BREAKER_THRESHOLD + probes
    assert EndpointHealth.objects.get(endpoint=dead.endpoint).slowed_until is not None


def test_an_endpoint_that_failed_everything_for_five_days_is_warned_about_and_then_disabled(
    tenant: Tenant, created: CreatedEndpoint, receiver: Receiver
) -> None:
    receiver.default = answer(500)
    health = EndpointHealth.objects.filter(endpoint=created.endpoint)
    emit_order_paid(tenant)
    health.update(failing_since=timezone.now() - timedelta(days=4, hours=1), consecutive_failures=1)
    run_due_work()
    types = list(Event.objects.for_merchant(tenant).values_list("type", flat=True).order_by("id"))
    assert types == ["order.paid", "webhook_endpoint.failing"]
    assert Endpoint.objects.unscoped(WHY).get().status == states.ENABLED

    health.update(
        failing_since=timezone.now() - timedelta(days=5, hours=1),
        warned_at=timezone.now() - timedelta(days=1, hours=1),
        slowed_until=None,
    )
    make_due()
    run_due_work()

    endpoint = Endpoint.objects.unscoped(WHY).get()
    assert (endpoint.status, endpoint.disabled_reason) == (states.DISABLED, "failing")
    assert not Delivery.objects.unscoped(WHY).filter(status__in=states.UNFINISHED).exists()
    assert Event.objects.for_merchant(tenant).filter(type="webhook_endpoint.disabled").count() == 1


def test_attempts_cannot_be_changed(tenant: Tenant, created: CreatedEndpoint, receiver: Receiver) -> None:
    emit_order_paid(tenant)
    run_due_work()
    attempt = attempts_of(the_delivery())[0]

    for change in ("update", "delete"):
        rows = DeliveryAttempt.objects.unscoped(WHY).filter(id=attempt.id)
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(error="changed") if change == "update" else rows.delete()

    assert attempts_of(the_delivery())[0].error == ""
