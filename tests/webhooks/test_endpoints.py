from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone
from pytest_django import Settings

from gateway.audit.models import AuditEntry
from gateway.core import clock
from gateway.core.errors import Invalid, NotFound
from gateway.core.ids import new_id
from gateway.core.tenancy import Tenant
from gateway.events.selectors.events import event_object
from gateway.work.models import Work
from gateway.work.rules import Result, WorkItem
from gateway.work.selectors import due_by, is_quiet
from gateway.work.services.enqueue import enqueue_all
from merchants.models import Merchant
from tests.support.events import emit_order_paid
from tests.support.receiver import Receiver, answer
from tests.support.work import run_due_work
from webhooks import states
from webhooks.errors import EndpointNotEnabled, TooManyEndpoints
from webhooks.models import Delivery, Endpoint, EndpointSecret
from webhooks.selectors.endpoints import endpoints_of, get_endpoint, live_secrets
from webhooks.services import create_endpoint as create_service
from webhooks.services import deliver as deliver_service
from webhooks.services.create_endpoint import CreatedEndpoint, create_endpoint
from webhooks.services.delete_endpoint import delete_endpoint
from webhooks.services.disable_endpoint import disable_endpoint
from webhooks.services.retry_delivery import retry_delivery
from webhooks.services.rotate_secret import rotate_secret
from webhooks.services.send_test_event import send_test_event
from webhooks.services.update_endpoint import update_endpoint

WHY = "a test looks at its own rows"


def test_the_secret_is_shown_once_and_kept_sealed(tenant: Tenant, created: CreatedEndpoint) -> None:
    row = EndpointSecret.objects.get()

    assert created.secret.startswith("whsec_")
    assert created.secret not in row.sealed
    assert live_secrets(created.endpoint.id, at=timezone.now()) == [created.secret]
    assert not any(created.secret in str(entry.data) for entry in AuditEntry.all_rows.all())


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "http://127.0.0.1/hooks",
        "http://2130706433/hooks",
        "http://[::1]/hooks",
        "https://user:secret@example.com/",
        "http://169.254.169.254/latest/meta-data",
        "not an address",
        "https://example.com/" + "a" * 2000,
    ],
)
def test_an_address_that_we_will_not_call_is_refused_and_nothing_is_kept(tenant: Tenant, url: str) -> None:
    with pytest.raises(Invalid) as refusal:
        create_endpoint(tenant=tenant, url=url, now=clock.now())

    assert refusal.value.errors[0].field == "url"
    assert not Endpoint.objects.unscoped(WHY).exists()


def test_live_mode_takes_https_only_and_no_development_receiver(
    tenant: Tenant, receiver: Receiver, settings: Settings
) -> None:
    live = Tenant(tenant.merchant_id, livemode=True)

    for url in (receiver.url, "http://example.com/hooks"):
        with pytest.raises(Invalid):
            create_endpoint(tenant=live, url=url, now=clock.now())
    assert create_endpoint(tenant=live, url="https://example.com/hooks", now=clock.now()).endpoint.livemode


@pytest.mark.parametrize("names", [[], ["payment"], ["*.paid"], ["Payment.paid"], ["payment.*"] * 101])
def test_event_names_that_cannot_exist_are_refused(tenant: Tenant, names: list[str]) -> None:
    with pytest.raises(Invalid) as refusal:
        create_endpoint(tenant=tenant, url="https://example.com", enabled_events=names, now=clock.now())

    assert refusal.value.errors[0].field == "enabled_events"


def test_a_merchant_has_a_bounded_number_of_endpoints(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(create_service, "MAX_ENDPOINTS", 1)
    create_endpoint(tenant=tenant, url="https://example.com", now=clock.now())

    with pytest.raises(TooManyEndpoints):
        create_endpoint(tenant=tenant, url="https://example.com", now=clock.now())


def test_a_strangers_endpoint_does_not_exist(tenant: Tenant, created: CreatedEndpoint) -> None:
    stranger = Tenant(Merchant.objects.create(name="Stranger", slug="stranger").id, livemode=False)
    other_mode = Tenant(tenant.merchant_id, livemode=True)

    for nobody in (stranger, other_mode):
        with pytest.raises(NotFound):
            get_endpoint(nobody, created.endpoint.id)
        with pytest.raises(NotFound):
            update_endpoint(tenant=nobody, endpoint_id=created.endpoint.id, status=states.PAUSED)
        with pytest.raises(NotFound):
            rotate_secret(tenant=nobody, endpoint_id=created.endpoint.id)
    assert get_endpoint(tenant, created.endpoint.id).status == states.ENABLED


def test_a_second_rotation_ends_the_oldest_secret_at_once(tenant: Tenant, created: CreatedEndpoint) -> None:
    second = rotate_secret(tenant=tenant, endpoint_id=created.endpoint.id)
    third = rotate_secret(tenant=tenant, endpoint_id=created.endpoint.id)

    assert live_secrets(created.endpoint.id, at=timezone.now()) == [second.secret, third.secret]
    assert live_secrets(created.endpoint.id, at=timezone.now() + timedelta(hours=25)) == [third.secret]


def test_a_test_event_reaches_this_endpoint_alone_whatever_it_asked_for(
    tenant: Tenant, created: CreatedEndpoint, receiver: Receiver
) -> None:
    asked = create_endpoint(tenant=tenant, url=receiver.url, enabled_events=["order.paid"], now=clock.now()).endpoint

    event = send_test_event(tenant=tenant, endpoint_id=asked.id, now=clock.now())
    run_due_work()

    (delivery,) = Delivery.objects.unscoped(WHY)
    assert (delivery.endpoint_id, delivery.status, delivery.event_id) == (asked.id, states.DELIVERED, event.id)
    assert event.type == "webhook_endpoint.test"


def test_a_name_in_the_metadata_is_sealed_in_the_endpoints_events_until_it_is_deleted(
    tenant: Tenant, receiver: Receiver
) -> None:
    endpoint = create_endpoint(
        tenant=tenant, url=receiver.url, metadata={"name": "Ada Lovelace"}, now=clock.now()
    ).endpoint

    event = send_test_event(tenant=tenant, endpoint_id=endpoint.id, now=clock.now())
    assert "Ada" not in event.body
    assert event_object(event)["data"]["object"]["metadata"] == {"name": "Ada Lovelace"}

    disable_endpoint(tenant=tenant, endpoint_id=endpoint.id, url=endpoint.url, reason="gone", now=clock.now())
    delete_endpoint(tenant=tenant, endpoint_id=endpoint.id)
    assert event_object(event)["erased"] is True


def test_a_disabled_endpoint_takes_no_test_event(tenant: Tenant, created: CreatedEndpoint) -> None:
    update_endpoint(tenant=tenant, endpoint_id=created.endpoint.id, status=states.DISABLED)

    with pytest.raises(EndpointNotEnabled):
        send_test_event(tenant=tenant, endpoint_id=created.endpoint.id, now=clock.now())


def test_a_deleted_endpoint_is_gone_and_its_history_stays(
    tenant: Tenant, created: CreatedEndpoint, receiver: Receiver
) -> None:
    emit_order_paid(tenant)
    run_due_work()

    delete_endpoint(tenant=tenant, endpoint_id=created.endpoint.id)
    emit_order_paid(tenant)
    run_due_work()

    assert list(endpoints_of(tenant)) == []
    assert Delivery.objects.unscoped(WHY).count() == 1
    assert live_secrets(created.endpoint.id, at=timezone.now()) == []


def end(tenant: Tenant, endpoint_id: UUID, status: str) -> None:
    if status == states.DELETED:
        delete_endpoint(tenant=tenant, endpoint_id=endpoint_id)
    else:
        update_endpoint(tenant=tenant, endpoint_id=endpoint_id, status=status)


def backlog(tenant: Tenant, endpoint: Endpoint, count: int) -> list[Delivery]:
    """So many deliveries that wait for their next attempt in an hour, with their work."""
    at = timezone.now() + timedelta(hours=1)
    made = Delivery.objects.for_merchant(tenant).bulk_create(
        Delivery(
            merchant_id=tenant.merchant_id,
            livemode=tenant.livemode,
            endpoint=endpoint,
            event_id=new_id(),
            event_type="order.paid",
            sequence=number,
            next_attempt_at=at,
        )
        for number in range(1, count + 1)
    )
    enqueue_all([WorkItem("webhooks.deliver", delivery.id, tenant, at) for delivery in made])
    return made


@pytest.mark.parametrize("status", [states.PAUSED, states.DISABLED, states.DELETED])
def test_what_waits_for_an_endpoint_that_ends_is_put_in_front_of_nobody(
    tenant: Tenant, created: CreatedEndpoint, receiver: Receiver, status: str
) -> None:
    made = backlog(tenant, created.endpoint, 2000)
    other = create_endpoint(tenant=tenant, url=receiver.url, now=clock.now()).endpoint
    theirs = backlog(tenant, other, 1)
    Work.objects.filter(subject_id=made[0].id).update(state="quarantined", strikes=5)

    end(tenant, created.endpoint.id, status)

    rows = Delivery.objects.unscoped(WHY)
    assert list(rows.filter(endpoint=created.endpoint).values_list("status", "next_attempt_at").distinct()) == [
        (states.DISCARDED, None)
    ]
    assert rows.get(endpoint=other).status == states.PENDING
    assert list(Work.objects.values_list("subject_id", flat=True)) == [theirs[0].id]
    assert due_by("webhooks", timezone.now()) == 0


@pytest.mark.parametrize("enabled_again", [False, True])
def test_an_exchange_under_way_when_its_endpoint_pauses_leaves_no_work_and_brings_nothing_back(
    tenant: Tenant,
    created: CreatedEndpoint,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    enabled_again: bool,
) -> None:
    receiver.behaviours = [answer(500)]
    emit_order_paid(tenant)
    settle = deliver_service._settle

    def settle_and_pause(*opened: Any) -> Result:
        result = settle(*opened)  # the next attempt is agreed, and the work not yet put off until then
        update_endpoint(tenant=tenant, endpoint_id=created.endpoint.id, status=states.PAUSED)
        if enabled_again:
            update_endpoint(tenant=tenant, endpoint_id=created.endpoint.id, status=states.ENABLED)
        return result

    monkeypatch.setattr(deliver_service, "_settle", settle_and_pause)

    run_due_work()

    assert len(receiver.requests) == 1
    assert Delivery.objects.unscoped(WHY).get().status == states.DISCARDED
    assert is_quiet()


def test_a_person_can_retry_a_failed_delivery_under_its_own_number(
    tenant: Tenant, created: CreatedEndpoint, receiver: Receiver
) -> None:
    receiver.behaviours = [answer(500)]
    emit_order_paid(tenant)
    run_due_work()
    delivery = Delivery.objects.unscoped(WHY).get()

    retry_delivery(tenant=tenant, delivery_id=delivery.id)
    run_due_work()

    delivery.refresh_from_db()
    assert (delivery.status, delivery.sequence, delivery.attempts) == (states.DELIVERED, 1, 2)


def test_a_retry_needs_an_enabled_endpoint(tenant: Tenant, created: CreatedEndpoint, receiver: Receiver) -> None:
    receiver.behaviours = [answer(410)]
    emit_order_paid(tenant)
    run_due_work()
    delivery = Delivery.objects.unscoped(WHY).order_by("sequence")[0]

    with pytest.raises(EndpointNotEnabled):
        retry_delivery(tenant=tenant, delivery_id=delivery.id)
    assert len(receiver.requests) == 1
