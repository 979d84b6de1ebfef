"""What nobody wants is given back, however often the provider refuses; nobody waits for that too long."""

from __future__ import annotations

import pytest
from django.utils import timezone

from gateway.core.tenancy import Tenant
from payments.errors import InvalidState
from payments.models import Anomaly, Payment
from payments.services.cancel_order import cancel_order
from payments.services.cancel_payment import cancel_payment
from payments.services.capture_payment import capture_payment
from payments.services.settle_payment_fact import settle_payment_fact
from tests.payments.factories import (
    CHALLENGED,
    DECLINED,
    event_types,
    make_order,
    operations,
    order_of,
    pay,
    postings,
    reload,
    start_payment,
)
from tests.support.fake_provider import FakeProvider
from tests.support.work import run_due_work, run_timers


def unwanted(tenant: Tenant, provider: FakeProvider) -> Payment:
    """An authorisation that came after its order was canceled; the void is still to be sent."""
    payment = pay(tenant, make_order(tenant), card=DECLINED, capture_method="manual")
    cancel_order(tenant=tenant, order_id=payment.order_id, now=timezone.now())
    provider.only.approve()
    settle_payment_fact(payment_id=payment.id, fact=provider.only.fact(), now=timezone.now())
    return reload(payment)


def test_an_unwanted_authorisation_whose_void_is_refused_is_voided_later(
    tenant: Tenant, provider: FakeProvider
) -> None:
    payment = unwanted(tenant, provider)
    provider.next_faults.append("refused")
    run_due_work()
    assert (reload(payment).status, operations(payment)[1].status) == ("requires_capture", "failed")

    run_timers(minutes=2)

    payment = reload(payment)
    assert (payment.status, provider.only.status, postings()) == ("canceled", "voided", {})
    assert [one.purpose for one in operations(payment)] == ["", "order_closed", "order_closed"]
    assert Anomaly.objects.for_merchant(tenant).count() == 0


def test_a_provider_that_goes_on_refusing_is_asked_more_and_more_seldom_and_a_person_told(
    tenant: Tenant, provider: FakeProvider
) -> None:
    payment = unwanted(tenant, provider)
    provider.next_faults.extend(["refused"] * 5)
    run_due_work()
    for minutes in range(1, 15):  # after 1, 3 and 7 minutes it is asked again
        run_timers(minutes=minutes)
    assert [one.status for one in operations(payment)[1:]] == ["failed"] * 4
    assert Anomaly.objects.for_merchant(tenant).count() == 0

    run_timers(minutes=16)

    assert [one.status for one in operations(payment)[1:]] == ["failed"] * 5
    anomaly = Anomaly.objects.for_merchant(tenant).get()
    assert (anomaly.kind, anomaly.subject_id, anomaly.amount) == ("void_refused", payment.id, 0)
    run_timers(minutes=40)
    assert reload(payment).status == "canceled"


def test_what_came_too_late_is_not_captured(tenant: Tenant, provider: FakeProvider) -> None:
    payment = unwanted(tenant, provider)
    provider.next_faults.append("refused")
    run_due_work()
    before = (reload(payment).version, event_types(), postings())

    with pytest.raises(InvalidState):
        capture_payment(tenant=tenant, payment_id=payment.id, now=timezone.now())

    payment = reload(payment)
    assert (payment.version, event_types(), postings()) == before
    assert (payment.amount_capturable, payment.amount_capture_pending, len(operations(payment))) == (0, 0, 2)


def test_late_money_that_finds_a_void_under_way_is_recorded_and_goes_back_by_the_next(
    tenant: Tenant, provider: FakeProvider
) -> None:
    payment = pay(tenant, make_order(tenant), card=CHALLENGED, capture_method="manual")
    there = provider.only
    cancel_payment(tenant=tenant, payment_id=payment.id, now=timezone.now())
    there.status, there.decline = "declined", "generic_decline"
    settle_payment_fact(payment_id=payment.id, fact=there.fact(), now=timezone.now())
    cancel_order(tenant=tenant, order_id=payment.order_id, now=timezone.now())
    there.approve()

    settle_payment_fact(payment_id=payment.id, fact=there.fact(), now=timezone.now())

    payment = reload(payment)
    assert (payment.status, payment.late_reason) == ("requires_capture", "order_closed")
    assert [one.status for one in operations(payment)] == ["succeeded", "created"]
    run_due_work()
    assert [one.status for one in operations(payment)] == ["succeeded", "failed", "succeeded"]
    assert (reload(payment).status, there.status, postings()) == ("canceled", "voided", {})


def test_an_attempt_that_waits_starts_when_a_refused_void_is_done_after_all(
    tenant: Tenant, provider: FakeProvider
) -> None:
    order = make_order(tenant)
    waiting = pay(tenant, order, card=CHALLENGED)
    following = start_payment(tenant, order)
    provider.next_faults.append("refused")
    run_due_work()
    assert (reload(waiting).status, reload(following).status) == ("requires_action", "processing")

    run_timers(minutes=2)

    assert (reload(waiting).status, reload(following).status) == ("canceled", "succeeded")
    assert [one.purpose for one in operations(waiting)] == ["", "new_attempt", "new_attempt"]


@pytest.mark.parametrize("fault", ["refused", "not_sent"])
def test_an_attempt_that_has_waited_a_quarter_of_an_hour_ends_and_the_challenge_goes_on(
    tenant: Tenant, provider: FakeProvider, fault: str
) -> None:
    order = make_order(tenant)
    waiting = pay(tenant, order, card=CHALLENGED)
    following = start_payment(tenant, order)
    provider.next_faults.extend([fault] * 50)
    run_due_work()
    for minutes in (2, 14):
        run_timers(minutes=minutes)
    assert reload(following).status == "processing"

    run_timers(minutes=16)

    following = reload(following)
    assert (following.status, operations(following)) == ("canceled", [])
    assert following.failure is not None
    assert following.failure["code"] == "not_sent_in_time"
    assert (reload(waiting).status, order_of(waiting).live_payment_id) == ("requires_action", waiting.id)
    assert order_of(waiting).next_payment_id is None


def test_a_cancel_that_the_provider_refuses_is_told(tenant: Tenant, provider: FakeProvider) -> None:
    payment = pay(tenant, make_order(tenant), capture_method="manual")
    cancel_payment(tenant=tenant, payment_id=payment.id, now=timezone.now())
    provider.next_faults.append("refused")
    run_due_work()

    assert (reload(payment).status, event_types()[-1]) == ("requires_capture", "payment.cancel_failed")
    cancel_payment(tenant=tenant, payment_id=payment.id, now=timezone.now())
    run_due_work()
    assert (reload(payment).status, event_types()[-1]) == ("canceled", "payment.canceled")
