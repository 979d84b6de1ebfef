"""The provider's present state, from any side, in any order, any number of times."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from gateway.core.tenancy import Tenant
from gateway.work.models import Work
from payments.models import Anomaly, Payment
from payments.providers.base import CaptureFact
from payments.services.cancel_order import cancel_order
from payments.services.cancel_payment import cancel_payment
from payments.services.capture_payment import capture_payment
from payments.services.request_sync import request_sync
from payments.services.settle_operation import settle_operation
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
from tests.support.fake_provider import FakePayment, FakeProvider
from tests.support.work import run_due_work


def settle(payment: Payment, there: FakePayment) -> Payment:
    settle_payment_fact(payment_id=payment.id, fact=there.fact(), now=timezone.now())
    return reload(payment)


def test_an_approval_is_learned_by_looking(tenant: Tenant, provider: FakeProvider) -> None:
    payment = pay(tenant, card=CHALLENGED)
    provider.only.approve()
    for _ in range(2):  # however often it is asked for
        request_sync(payment_id=payment.id, tenant=tenant)
    run_due_work()
    assert (reload(payment).status, order_of(payment).status) == ("succeeded", "paid")


def test_the_same_fact_twice_changes_nothing(tenant: Tenant, provider: FakeProvider) -> None:
    payment = pay(tenant)
    before = (payment.version, event_types(), postings())
    payment = settle(payment, provider.only)
    assert (payment.version, event_types(), postings()) == before


def test_an_old_fact_never_takes_us_back(tenant: Tenant, provider: FakeProvider) -> None:
    payment = pay(tenant, card=CHALLENGED)
    old = provider.only.fact()
    provider.only.approve()
    settle(payment, provider.only)
    settle_payment_fact(payment_id=payment.id, fact=old, now=timezone.now())
    assert reload(payment).status == "succeeded"
    assert Anomaly.objects.for_merchant(tenant).count() == 0


def test_a_capture_whose_answer_was_lost_is_found(tenant: Tenant, provider: FakeProvider) -> None:
    payment = pay(tenant, capture_method="manual")
    provider.next_faults.append("lost_after")
    capture_payment(tenant=tenant, payment_id=payment.id, amount=600, now=timezone.now())
    run_due_work()
    assert (reload(payment).amount_capture_pending, operations(payment)[1].status) == (600, "unknown")
    payment = settle(payment, provider.only)
    assert (payment.amount_captured, payment.amount_capture_pending) == (600, 0)
    run_due_work(forward=True)
    assert reload(payment).amount_captured == 600


def test_a_void_made_at_the_provider_ends_the_payment(tenant: Tenant, provider: FakeProvider) -> None:
    payment = pay(tenant, capture_method="manual")
    provider.only.status = "voided"
    assert settle(payment, provider.only).status == "canceled"
    assert postings() == {}


def test_money_that_we_did_not_ask_for_stands_in_suspense_once(tenant: Tenant, provider: FakeProvider) -> None:
    payment = pay(tenant, capture_method="manual")
    there = provider.only
    there.captures.append(CaptureFact("fcap_elsewhere", "", 300))
    for _ in range(2):
        payment = settle(payment, there)
    there.captures.append(CaptureFact("fcap_again", "", 50))
    payment = settle(payment, there)
    assert (payment.status, payment.amount_captured) == ("requires_capture", 0)
    assert postings()["suspense"] == -350
    anomalies = Anomaly.objects.for_merchant(tenant).order_by("id")
    assert [(one.kind, one.amount, one.currency) for one in anomalies] == [
        ("external_capture", 300, "EUR"),
        ("external_capture", 50, "EUR"),
    ]


def test_a_payment_that_is_not_ours_is_an_anomaly_and_changes_nothing(tenant: Tenant, provider: FakeProvider) -> None:
    payment = pay(tenant, card=DECLINED)
    foreign = replace(provider.only.fact(), authorize_operation_id="opn_of_somebody_else")
    settle_payment_fact(payment_id=payment.id, fact=foreign, now=timezone.now())
    assert reload(payment).status == "failed"
    assert [one.kind for one in Anomaly.objects.for_merchant(tenant)] == ["foreign_payment"]


def test_a_refusal_after_success_is_an_anomaly_and_changes_nothing(tenant: Tenant, provider: FakeProvider) -> None:
    payment = pay(tenant)
    there = provider.only
    refused = replace(there.fact(), authorize=replace(DECLINED_OBSERVATION, provider_reference=there.reference))
    settle_payment_fact(payment_id=payment.id, fact=refused, now=timezone.now())
    assert reload(payment).status == "succeeded"
    assert [one.kind for one in Anomaly.objects.for_merchant(tenant)] == ["declined_after_success"]


def test_an_answer_that_was_overtaken_by_the_late_success_is_no_anomaly(tenant: Tenant, provider: FakeProvider) -> None:
    payment = pay(tenant, make_order(tenant), card=DECLINED)
    (operation,) = operations(payment)
    first_answer = provider.answers[operation.public_id]
    provider.only.approve()
    settle(payment, provider.only)

    settle_operation(operation_id=operation.id, observation=first_answer, now=timezone.now())  # a worker was stopped
    run_due_work()

    assert (reload(payment).status, Anomaly.objects.for_merchant(tenant).count()) == ("succeeded", 0)


def test_a_refusal_that_the_provider_repeats_when_it_is_asked_is_an_anomaly(
    tenant: Tenant, provider: FakeProvider
) -> None:
    payment = pay(tenant)
    there = provider.only
    there.authorized, there.captures, there.status, there.decline = 0, [], "declined", "generic_decline"

    (operation,) = operations(payment)
    settle_operation(operation_id=operation.id, observation=there.observed(), now=timezone.now())
    run_due_work()

    assert reload(payment).status == "succeeded"
    assert [one.kind for one in Anomaly.objects.for_merchant(tenant)] == ["declined_after_success"]


DECLINED_OBSERVATION = FakePayment("x", "x", 1, "EUR", True, decline="generic_decline").observed()


# --- proof of success after a final no ------------------------------------------------------------------------------


def test_a_late_success_that_the_order_still_waits_for_pays_it(tenant: Tenant, provider: FakeProvider) -> None:
    payment = pay(tenant, make_order(tenant), card=DECLINED)
    provider.only.approve()
    payment = settle(payment, provider.only)
    assert (payment.status, payment.late_success, payment.counts_toward_order) == ("succeeded", True, True)
    assert (order_of(payment).status, order_of(payment).amount_paid) == ("paid", 1000)
    assert postings()["provider_clearing"] == 1000


def test_a_late_success_that_the_order_no_longer_needs_goes_back(tenant: Tenant, provider: FakeProvider) -> None:
    order = make_order(tenant)
    late = pay(tenant, order, card=DECLINED)
    pay(tenant, order)
    there = next(one for one in provider.payments.values() if not one.authorized)
    there.approve()
    late = settle(late, there)
    assert (late.status, late.late_success, late.counts_toward_order) == ("succeeded", True, False)
    assert late.late_reason == "duplicate"
    assert (order_of(late).amount_paid, order_of(late).status) == (1000, "paid")
    assert Work.objects.filter(kind="refunds.refund_late_success", subject_id=late.id).exists()
    run_due_work()
    assert reload(late).amount_refunded == 1000
    assert order_of(late).amount_refunded == 0
    assert [refund.amount for refund in there.refunds] == [1000]


def test_a_late_authorisation_for_a_canceled_order_is_voided(tenant: Tenant, provider: FakeProvider) -> None:
    order = make_order(tenant)
    late = pay(tenant, order, card=DECLINED, capture_method="manual")
    cancel_order(tenant=tenant, order_id=order.id, now=timezone.now())
    provider.only.approve()
    late = settle(late, provider.only)
    assert (late.status, late.late_reason) == ("requires_capture", "order_closed")
    assert order_of(late).live_payment_id is None
    run_due_work()
    assert (reload(late).status, provider.only.status) == ("canceled", "voided")
    assert postings() == {}


def test_a_late_success_while_another_attempt_is_live_goes_back(tenant: Tenant, provider: FakeProvider) -> None:
    order = make_order(tenant)
    late = pay(tenant, order, card=DECLINED)
    there = provider.only
    live = start_payment(tenant, order)
    there.approve()
    late = settle(late, there)
    run_due_work()
    assert (reload(live).status, reload(late).amount_refunded) == ("succeeded", 1000)
    assert order_of(live).amount_paid == 1000


def test_a_late_success_after_the_challenge_had_expired_is_recorded(tenant: Tenant, provider: FakeProvider) -> None:
    payment = pay(tenant, make_order(tenant), card=CHALLENGED)
    with time_machine.travel(timezone.now() + timedelta(minutes=31), tick=True):
        Work.objects.update(run_at=timezone.now() - timedelta(days=1))
        run_due_work()
    assert reload(payment).status == "expired"
    provider.only.approve()
    payment = settle(payment, provider.only)
    assert (payment.status, payment.late_success, order_of(payment).status) == ("succeeded", True, "paid")


@pytest.mark.parametrize("card", [DECLINED, CHALLENGED])
def test_looking_at_a_payment_that_has_not_moved_changes_nothing(
    tenant: Tenant, provider: FakeProvider, card: str
) -> None:
    payment = pay(tenant, card=card)
    before = (payment.version, payment.status)
    payment = settle(payment, provider.only)
    assert (payment.version, payment.status) == before


def test_a_challenge_that_the_provider_called_off_ends_the_payment_also_while_our_void_is_on_its_way(
    tenant: Tenant, provider: FakeProvider
) -> None:
    payment = pay(tenant, card=CHALLENGED)
    cancel_payment(tenant=tenant, payment_id=payment.id, now=timezone.now())
    provider.only.status = "voided"

    payment = settle(payment, provider.only)

    assert (payment.status, order_of(payment).live_payment_id) == ("canceled", None)
    assert [one.status for one in operations(payment)] == ["failed", "created"]
    run_due_work()
    assert reload(payment).status == "canceled"
