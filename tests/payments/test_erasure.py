"""Who was erased is not charged, not kept and not found again."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone

from gateway.core.errors import Invalid
from gateway.core.personal import seal_personal, unseal_personal
from gateway.core.tenancy import Tenant
from payments.errors import CustomerErased
from payments.models import Customer, Order
from payments.services.confirm_payment import confirm_payment
from payments.services.create_customer import create_customer
from payments.services.create_order import create_order
from payments.services.create_payment import create_payment
from payments.services.erase_customer import erase_customer
from tests.payments.factories import make_order, make_tenant, make_token, operations, order_of, reload, start_payment
from tests.support.database import TestDatabase
from tests.support.fake_provider import FakeProvider
from tests.support.system import wait_until

PERSONAL: dict[str, Any] = {"email": "mira@lumen.test", "basket": "7"}


def make_customer(tenant: Tenant) -> Customer:
    return create_customer(tenant=tenant, email="mira@lumen.test", now=timezone.now())


def erase(tenant: Tenant, customer: Customer) -> None:
    erase_customer(tenant=tenant, customer_id=customer.id, now=timezone.now())


def test_a_payments_customer_becomes_the_orders_and_both_are_forgotten(tenant: Tenant) -> None:
    order = make_order(tenant, metadata=PERSONAL)
    before = start_payment(tenant, order, metadata=PERSONAL, confirm=False)
    customer = make_customer(tenant)
    payment = start_payment(tenant, order, metadata=PERSONAL, customer_id=customer.id, confirm=False)
    assert order_of(payment).customer_id == customer.id

    erase(tenant, customer)

    assert order_of(payment).metadata == {"basket": "7"}
    assert [reload(one).metadata for one in (before, payment)] == [{"basket": "7"}] * 2


def test_an_order_belongs_to_one_customer(tenant: Tenant) -> None:
    order, first, second = make_order(tenant), make_customer(tenant), make_customer(tenant)
    start_payment(tenant, order, customer_id=first.id, confirm=False)
    with pytest.raises(Invalid) as refused:
        start_payment(tenant, order, customer_id=second.id, confirm=False)
    assert refused.value.errors[0].code == "other_customer"
    sealed_by = Order.all_rows.get().data_key_id
    assert sealed_by is not None
    erase(tenant, second)
    assert unseal_personal(sealed_by, seal_personal(sealed_by, b"text")) == b"text"


def test_nothing_begins_for_who_was_erased(tenant: Tenant) -> None:
    customer = make_customer(tenant)
    order = make_order(tenant, customer_id=customer.id)
    prepared = start_payment(tenant, order, confirm=False)
    erase(tenant, customer)
    now = timezone.now()
    with pytest.raises(CustomerErased):
        create_order(tenant=tenant, amount=1000, currency="EUR", customer_id=customer.id, now=now)
    with pytest.raises(CustomerErased):
        create_payment(tenant=tenant, amount=1000, currency="EUR", customer_id=customer.id, confirm=False, now=now)
    with pytest.raises(CustomerErased):
        create_payment(tenant=tenant, order_id=order.id, confirm=False, now=now)
    with pytest.raises(CustomerErased):
        confirm_payment(tenant=tenant, payment_id=prepared.id, token_id=make_token(tenant).id, now=now)
    assert operations(prepared) == []


def test_erasing_again_destroys_what_was_joined_since(tenant: Tenant) -> None:
    customer = make_customer(tenant)
    order = make_order(tenant)
    erase(tenant, customer)
    _join(order, customer.id)
    erase(tenant, customer)
    assert order.data_key_id is not None
    assert seal_personal(order.data_key_id, b"text") == b""


def _join(order: Order, customer_id: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_datakey SET owner_id = %s WHERE id = %s", [customer_id, order.data_key_id])


def test_an_erasure_waits_for_the_payment_that_is_being_made(
    committed_db: TestDatabase, provider: FakeProvider
) -> None:
    """The payment's transaction is open when the erasure begins: what it writes is forgotten too."""
    tenant = make_tenant()
    customer, order = make_customer(tenant), make_order(tenant)
    pids: list[int] = []
    eraser = threading.Thread(target=_erase_in_a_thread, args=(tenant, customer, pids))
    with transaction.atomic():
        payment = start_payment(tenant, order, metadata=PERSONAL, customer_id=customer.id, confirm=False)
        eraser.start()
        waits = lambda: bool(pids) and _is_blocked(pids[0])  # noqa: E731
        wait_until(waits, timeout_s=60, what="the erasure waits for the customer")
    eraser.join(timeout=60)
    assert reload(payment).metadata == {"basket": "7"}
    assert Customer.all_rows.get().erased_at is not None


def _erase_in_a_thread(tenant: Tenant, customer: Customer, pids: list[int]) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            pids.append(cursor.fetchone()[0])
        erase_customer(tenant=tenant, customer_id=customer.id, now=timezone.now() + timedelta(seconds=1))
    finally:
        connection.close()


def _is_blocked(pid: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [pid])
        return bool(cursor.fetchone()[0])
