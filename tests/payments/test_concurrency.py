"""Two of everything at once, with real commits and real locks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from gateway.core.errors import DomainError
from gateway.core.tenancy import Tenant
from gateway.work.services.claim import claim_next
from gateway.work.services.run import run
from payments.models import Operation, Payment
from payments.services.cancel_payment import cancel_payment
from payments.services.capture_payment import capture_payment
from payments.services.create_payment import create_payment
from payments.services.settle_operation import settle_operation
from payments.services.settle_payment_fact import settle_payment_fact
from tests.payments.factories import make_order, make_tenant, make_token, operations, order_of, pay, postings, reload
from tests.support.database import TestDatabase
from tests.support.fake_provider import FakeProvider
from tests.support.system import wait_until
from tests.support.work import run_due_work


@pytest.fixture
def tenant(committed_db: TestDatabase, provider: FakeProvider) -> Tenant:
    return make_tenant()


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run each call in a thread of its own from one starting shot; its result, or the refusal it met."""
    barrier = threading.Barrier(len(calls))
    results: list[Any] = [None] * len(calls)

    def body(index: int, call: Callable[[], Any]) -> None:
        try:
            barrier.wait(10)
            results[index] = call()
        except DomainError as error:
            results[index] = error.code
        except Exception as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=body, args=(index, call)) for index, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def test_capture_and_cancel_at_once_one_wins(tenant: Tenant, provider: FakeProvider) -> None:
    for _ in range(5):
        payment = pay(tenant, capture_method="manual")
        names = {"tenant": tenant, "payment_id": payment.id, "now": timezone.now()}
        results = at_once(lambda n=names: capture_payment(**n), lambda n=names: cancel_payment(**n))  # type: ignore[misc]
        assert sorted(isinstance(one, Payment) for one in results) == [False, True]
        assert "payment_operation_in_progress" in results
        run_due_work()
        there = provider.of(operations(payment)[0].public_id)
        assert (reload(payment).status, there.status) in {("succeeded", "captured"), ("canceled", "voided")}


def test_eight_payments_on_one_order_at_once_are_one(tenant: Tenant, provider: FakeProvider) -> None:
    order = make_order(tenant)
    tokens = [make_token(tenant) for _ in range(8)]

    def attempt(token_id: Any) -> Payment:
        return create_payment(tenant=tenant, order_id=order.id, token_id=token_id, now=timezone.now())

    results = at_once(*[lambda one=token.id: attempt(one) for token in tokens])
    assert sum(isinstance(one, Payment) for one in results) == 1
    assert results.count("another_payment_in_progress") == 7
    run_due_work()
    assert len(provider.payments) == 1


def test_one_token_used_by_many_at_once_pays_once(tenant: Tenant, provider: FakeProvider) -> None:
    token = make_token(tenant)

    def attempt() -> Payment:
        return create_payment(tenant=tenant, token_id=token.id, amount=100, currency="EUR", now=timezone.now())

    results = at_once(*[attempt] * 6)
    assert sum(isinstance(one, Payment) for one in results) == 1
    assert results.count("token_used") == 5
    assert Payment.objects.for_merchant(tenant).count() == 1


def test_the_same_news_from_many_sides_at_once_are_booked_once(tenant: Tenant, provider: FakeProvider) -> None:
    provider.next_faults.append("lost_after")
    payment = pay(tenant)
    (operation,) = operations(payment)
    answer = provider.answers[operation.public_id]

    def settle() -> Payment:
        return settle_operation(operation_id=operation.id, observation=answer, now=timezone.now())

    results = at_once(*[settle] * 8)
    assert all(isinstance(one, Payment) for one in results), results
    assert (reload(payment).amount_captured, order_of(payment).amount_paid) == (1000, 1000)
    assert postings() == {"provider_clearing": 1000, "merchant_pending": -980, "gateway_fees": -20}


def test_news_from_elsewhere_keep_what_a_worker_counts_at_the_same_time(tenant: Tenant, provider: FakeProvider) -> None:
    provider.next_faults.append("lost_after")
    payment = pay(tenant)
    (operation,) = operations(payment)
    fact = provider.only.fact()

    pids: list[int] = []

    def bring() -> None:
        with connection.cursor() as cursor:
            pids.append(cursor.execute("SELECT pg_backend_pid()").fetchone()[0])
        settle_payment_fact(payment_id=payment.id, fact=fact, now=timezone.now())
        connection.close()

    bringer = threading.Thread(target=bring)
    with transaction.atomic():
        Operation.all_rows.filter(id=operation.id).update(attempts=2)
        bringer.start()
        wait_until(lambda: bool(pids) and _is_blocked(pids[0]), timeout_s=30, what="the news wait for the worker")
    bringer.join(30)
    (operation,) = operations(payment)
    assert (operation.status, operation.attempts) == ("succeeded", 2)


def _is_blocked(pid: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [pid])
        return bool(cursor.fetchone()[0])


def test_many_workers_on_many_payments_charge_each_once(tenant: Tenant, provider: FakeProvider) -> None:
    order_ids = [make_order(tenant).id for _ in range(12)]
    for order_id in order_ids:
        create_payment(tenant=tenant, order_id=order_id, test_method="pm_card_visa", now=timezone.now())

    def work() -> int:
        done = 0
        while (claim := claim_next("payments")) is not None:
            run(claim)
            done += 1
        return done

    results = at_once(*[work] * 4)
    assert all(isinstance(one, int) for one in results), results
    run_due_work(forward=True)
    assert len(provider.payments) == 12
    assert {one.status for one in Payment.objects.for_merchant(tenant)} == {"succeeded"}
