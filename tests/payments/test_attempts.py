"""One order, several attempts: at most one is live, a waiting one is called off first, timers end what nobody answers."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from gateway.core.tenancy import Tenant
from payments.errors import AnotherPaymentInProgress, OrderNotPayable
from payments.selectors.orders import get_order
from payments.services.cancel_payment import cancel_payment
from tests.payments.factories import (
    CHALLENGED,
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


def test_a_new_attempt_calls_the_waiting_one_off_and_then_starts(tenant: Tenant, provider: FakeProvider) -> None:
    order = make_order(tenant)
    waiting = pay(tenant, order, card=CHALLENGED)
    following = start_payment(tenant, order)
    assert (following.status, operations(following)) == ("processing", [])
    assert order_of(following).live_payment_id == waiting.id
    run_due_work()
    assert (reload(waiting).status, reload(following).status) == ("canceled", "succeeded")
    assert order_of(following).status == "paid"
    assert [verb for verb, _ in provider.sent] == ["authorize", "void", "authorize"]


@pytest.mark.parametrize("capture_method", ["automatic", "manual"])
def test_if_the_customer_approved_first_that_approval_wins(
    tenant: Tenant, provider: FakeProvider, capture_method: str
) -> None:
    order = make_order(tenant)
    waiting = pay(tenant, order, card=CHALLENGED, capture_method=capture_method)
    following = start_payment(tenant, order)
    provider.only.approve()
    run_due_work()
    expected = {"automatic": "succeeded", "manual": "requires_capture"}[capture_method]
    assert (reload(waiting).status, reload(following).status) == (expected, "canceled")
    assert len(provider.payments) == 1


def test_only_one_attempt_waits_behind_another(tenant: Tenant) -> None:
    order = make_order(tenant)
    pay(tenant, order, card=CHALLENGED)
    following = start_payment(tenant, order)
    with pytest.raises(AnotherPaymentInProgress):
        start_payment(tenant, order)
    canceled = cancel_payment(tenant=tenant, payment_id=following.id, now=timezone.now())
    assert canceled.status == "canceled"
    assert order_of(following).next_payment_id is None


def test_an_unanswered_challenge_is_voided_after_half_an_hour(tenant: Tenant, provider: FakeProvider) -> None:
    payment = pay(tenant, card=CHALLENGED)
    run_timers(minutes=29)
    assert reload(payment).status == "requires_action"
    run_timers(minutes=31)
    payment = reload(payment)
    assert (payment.status, provider.only.status) == ("expired", "voided")
    assert payment.failure is not None
    assert payment.failure["code"] == "challenge_expired"
    assert event_types()[-1] == "payment.expired"
    assert postings() == {}


def test_an_approval_before_the_expiry_arrives_wins(tenant: Tenant, provider: FakeProvider) -> None:
    payment = pay(tenant, card=CHALLENGED)
    provider.only.approve()
    run_timers(minutes=31)
    assert (reload(payment).status, postings()["provider_clearing"]) == ("succeeded", 1000)


def test_an_order_expires_when_its_time_is_over_and_nobody_pays(tenant: Tenant) -> None:
    order = make_order(tenant, expires_at=timezone.now() + timedelta(minutes=20))
    run_timers(minutes=19)
    assert get_order(tenant, order.id).status == "created"
    run_timers(minutes=21)
    assert get_order(tenant, order.id).status == "expired"
    assert event_types()[-1] == "order.expired"
    with pytest.raises(OrderNotPayable):
        start_payment(tenant, order)


def test_a_live_payment_keeps_the_order_open_until_it_ends(tenant: Tenant) -> None:
    order = make_order(tenant, expires_at=timezone.now() + timedelta(minutes=20))
    payment = pay(tenant, order, card=CHALLENGED)
    run_timers(minutes=21)
    assert (order_of(payment).status, reload(payment).status) == ("attempted", "requires_action")
    run_timers(minutes=31)
    assert (order_of(payment).status, reload(payment).status) == ("expired", "expired")


@pytest.mark.parametrize("minutes", [14, 15, 300])
def test_who_waited_behind_a_void_without_answer_is_charged_within_a_quarter_of_an_hour_or_never(
    tenant: Tenant, provider: FakeProvider, minutes: int
) -> None:
    order = make_order(tenant)
    waiting = pay(tenant, order, card=CHALLENGED)
    following = start_payment(tenant, order)
    provider.next_faults.append("lost_before")
    run_due_work()
    assert operations(waiting)[1].status == "unknown"

    with time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=True):
        run_due_work(forward=True)

    assert reload(waiting).status == "canceled"
    following = reload(following)
    if minutes < 15:
        assert following.status == "succeeded"
        return
    assert (following.status, operations(following)) == ("canceled", [])
    assert following.failure is not None
    assert following.failure["code"] == "not_sent_in_time"
    assert [verb for verb, _ in provider.sent] == ["authorize", "void", "void"]
    order = order_of(following)
    assert (order.status, order.live_payment_id, order.next_payment_id) == ("attempted", None, None)
    assert pay(tenant, order).status == "succeeded"


def test_who_waited_until_the_order_expired_is_not_charged(tenant: Tenant, provider: FakeProvider) -> None:
    order = make_order(tenant, expires_at=timezone.now() + timedelta(minutes=5))
    waiting = pay(tenant, order, card=CHALLENGED)
    following = start_payment(tenant, order)
    provider.next_faults.append("lost_before")
    run_due_work()

    run_timers(minutes=6)

    assert (reload(waiting).status, reload(following).status) == ("canceled", "canceled")
    assert (order_of(following).status, operations(following)) == ("expired", [])
