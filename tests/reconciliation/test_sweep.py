import uuid
from datetime import timedelta
from typing import Any

from django.utils import timezone
from pytest_django import Settings

from gateway.core.ids import id_time, lowest_id_at, new_id
from gateway.work.models import Work
from payments.models import Operation
from payments.services.cancel_order import cancel_order
from payments.services.settle_payment_fact import settle_payment_fact
from reconciliation.services.sweep import sweep
from refunds import states
from refunds.models import Refund
from refunds.services.create_refund import create_refund
from tests.payments.factories import CHALLENGED, DECLINED, make_order, make_tenant, pay, reload, start_payment
from tests.support.fake_provider import PROVIDER
from tests.support.work import run_due_work

WHY = "a test looks at its own rows"
TIMERS = ("payments.expire_challenge", "payments.call_off")


def aged(rows: Any, row_id: uuid.UUID) -> uuid.UUID:
    older = uuid.UUID(int=lowest_id_at(id_time(row_id) - timedelta(minutes=2)).int | (new_id().int & 0xFFFF))
    rows.filter(id=row_id).update(id=older)
    return older


def test_what_waits_for_the_provider_and_lost_its_work_gets_it_back(db: None, settings: Settings) -> None:
    settings.PROVIDERS = {"fake": "tests.support.fake_provider.fake_provider"}
    PROVIDER.reset()
    tenant = make_tenant()
    paid = pay(tenant, make_order(tenant))
    refund = create_refund(tenant=tenant, payment_id=paid.id, now=timezone.now())
    start_payment(tenant, make_order(tenant))
    operations = Operation.objects.unscoped(WHY)
    aged(operations, operations.order_by("-id")[0].id)
    aged(Refund.objects.unscoped(WHY), refund.id)
    Work.objects.all().delete()

    assert sweep() == 2
    assert sweep() == 0
    run_due_work()

    assert set(operations.values_list("status", flat=True)) == {"succeeded"}
    assert Refund.objects.unscoped(WHY).get().status == states.SUCCEEDED


def test_what_is_young_is_left_to_its_own_work(db: None, settings: Settings) -> None:
    settings.PROVIDERS = {"fake": "tests.support.fake_provider.fake_provider"}
    PROVIDER.reset()
    tenant = make_tenant()
    start_payment(tenant, make_order(tenant))
    Work.objects.all().delete()

    assert sweep() == 0


def test_challenges_and_those_who_wait_behind_them_get_their_timers_back(db: None, settings: Settings) -> None:
    settings.PROVIDERS = {"fake": "tests.support.fake_provider.fake_provider"}
    PROVIDER.reset()
    tenant = make_tenant()
    alone = pay(tenant, make_order(tenant), card=CHALLENGED)
    order = make_order(tenant)
    waiting = pay(tenant, order, card=CHALLENGED)
    following = start_payment(tenant, order)
    assert sweep() == 0
    Work.objects.filter(kind__in=TIMERS).delete()

    assert sweep() == 2  # the void of the second challenge is under way: that ends it
    assert sweep() == 0

    assert set(Work.objects.filter(kind__in=TIMERS).values_list("kind", "subject_id")) == {
        ("payments.expire_challenge", alone.id),
        ("payments.call_off", waiting.id),
    }
    run_due_work()
    assert (reload(waiting).status, reload(following).status) == ("canceled", "succeeded")


def test_late_money_that_lost_its_work_goes_back(db: None, settings: Settings) -> None:
    settings.PROVIDERS = {"fake": "tests.support.fake_provider.fake_provider"}
    PROVIDER.reset()
    PROVIDER.next_faults.extend(["", "refused"])
    tenant = make_tenant()
    payment = pay(tenant, make_order(tenant), card=DECLINED, capture_method="manual")
    cancel_order(tenant=tenant, order_id=payment.order_id, now=timezone.now())
    PROVIDER.only.approve()
    settle_payment_fact(payment_id=payment.id, fact=PROVIDER.only.fact(), now=timezone.now())
    run_due_work()
    assert reload(payment).status == "requires_capture"
    Work.objects.filter(kind__in=TIMERS).delete()

    assert sweep() == 1
    assert sweep() == 0

    run_due_work()
    assert (reload(payment).status, PROVIDER.only.status) == ("canceled", "voided")
