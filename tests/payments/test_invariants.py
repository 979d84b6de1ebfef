"""Each planted corruption is found by the invariant that watches over it, and by no other words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from gateway.core.invariants import run
from gateway.core.tenancy import Tenant
from gateway.work.models import Work
from payments.models import Operation, Order, Payment
from payments.services.open_anomaly import open_anomaly
from payments.services.settle_payment_fact import settle_payment_fact
from tests.payments.factories import CHALLENGED, DECLINED, make_order, make_tenant, operations, pay, start_payment
from tests.support.fake_provider import FakeProvider
from tests.support.work import run_due_work


def broken(name: str) -> bool:
    (result,) = run([f"payments.invariants.{name}"])
    return not result.holds


@pytest.fixture
def merchant(db: None, provider: FakeProvider) -> Tenant:
    """Like `tenant`, without the closing look at the books: here they are spoiled on purpose."""
    return make_tenant()


def _payment(payment: Payment, **fields: Any) -> None:
    Payment.all_rows.filter(id=payment.id).update(**fields)


def _order(payment: Payment, **fields: Any) -> None:
    Order.all_rows.filter(id=payment.order_id).update(**fields)


def _operation(payment: Payment, **fields: Any) -> None:
    Operation.all_rows.filter(id=operations(payment)[0].id).update(**fields)


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("amounts_match_ledger", lambda payment: _payment(payment, amount_captured=999)),
        ("amounts_match_ledger", lambda payment: _payment(payment, amount_authorized=1001)),
        ("amounts_match_ledger", lambda payment: _operation(payment, fee_amount=1)),
        ("amounts_match_ledger", lambda payment: _operation(payment, captured_amount=1)),
        ("orders_match_payments", lambda payment: _order(payment, amount_paid=1001)),
        ("orders_match_payments", lambda payment: _order(payment, amount_refunded=1)),
        ("orders_match_payments", lambda payment: _order(payment, live_payment_id=payment.id)),
        (
            "orders_match_payments",
            lambda payment: _order(payment, next_payment_id=payment.id, next_queued_at=timezone.now()),
        ),
        ("operations_in_order", lambda payment: _operation(payment, status="unknown")),
        ("operations_in_order", lambda payment: _payment(payment, status="processing")),
        ("no_orphans", lambda payment: _operation(payment, payment_id=uuid4())),
        ("no_orphans", lambda payment: _order(payment, latest_payment_id=uuid4())),
        ("no_orphans", lambda payment: _operation(payment, livemode=True)),
    ],
)
def test_a_corruption_is_found(merchant: Tenant, name: str, spoil: Callable[[Payment], None]) -> None:
    payment = pay(merchant, make_order(merchant))
    assert not broken(name)
    spoil(payment)
    assert broken(name)


def test_work_that_was_lost_is_found(merchant: Tenant) -> None:
    start_payment(merchant)
    assert not broken("operations_in_order")
    Work.objects.filter(kind="payments.carry_out_operation").delete()
    assert broken("operations_in_order")


@pytest.mark.parametrize("kind", ["payments.expire_challenge", "payments.call_off"])
def test_a_timer_that_was_lost_is_found(merchant: Tenant, kind: str) -> None:
    order = make_order(merchant)
    pay(merchant, order, card=CHALLENGED)
    if kind == "payments.call_off":
        start_payment(merchant, order)
    assert not broken("operations_in_order")
    Work.objects.filter(kind=kind).delete()
    assert broken("operations_in_order")


def test_late_money_that_nobody_gives_back_is_found(merchant: Tenant, provider: FakeProvider) -> None:
    provider.next_faults.extend(["", "refused"])
    payment = pay(merchant, make_order(merchant), card=DECLINED, capture_method="manual")
    _order(payment, status="canceled")
    provider.only.approve()
    settle_payment_fact(payment_id=payment.id, fact=provider.only.fact(), now=timezone.now())
    run_due_work()
    assert not broken("operations_in_order")
    Work.objects.filter(kind="payments.call_off").delete()
    assert broken("operations_in_order")


def test_an_anomaly_without_its_suspense_is_found(merchant: Tenant) -> None:
    payment = pay(merchant)
    assert not broken("suspense_is_explained")
    open_anomaly(
        tenant=merchant,
        kind="planted",
        subject_type="payment",
        subject_id=payment.id,
        detail="x",
        amount=5,
        currency="EUR",
        now=timezone.now(),
    )
    assert broken("suspense_is_explained")
