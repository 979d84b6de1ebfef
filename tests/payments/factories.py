"""Rows for tests, made by the services themselves."""

from __future__ import annotations

import secrets
from typing import Any

from django.db import connection
from django.utils import timezone

from gateway.core.tenancy import Tenant
from merchants.models import Merchant
from payments.models import Operation, Order, Payment, Token
from payments.providers.base import CardInput
from payments.selectors.operations import operations_of
from payments.selectors.orders import get_order
from payments.selectors.payments import get_payment
from payments.services.create_order import create_order
from payments.services.create_payment import create_payment
from payments.services.create_provider_account import create_provider_account
from payments.services.create_token import create_token
from tests.support.work import run_due_work

VISA, DECLINED, CHALLENGED = "4242424242424242", "4000000000009995", "4000000000003220"


def make_tenant(*, livemode: bool = False, fee_basis_points: int = 200) -> Tenant:
    merchant = Merchant.objects.create(
        name="Lumen", slug=f"lumen-{secrets.token_hex(4)}", fee_basis_points=fee_basis_points
    )
    tenant = Tenant(merchant.id, livemode)
    create_provider_account(tenant=tenant, provider="fake", name="Fake", config={}, secrets={}, now=timezone.now())
    return tenant


def make_order(tenant: Tenant, amount: int = 1000, currency: str = "EUR", **fields: Any) -> Order:
    return create_order(tenant=tenant, amount=amount, currency=currency, now=timezone.now(), **fields)


def make_token(tenant: Tenant, number: str = VISA) -> Token:
    card = CardInput(number, 12, timezone.now().year + 3, "123")
    return create_token(tenant=tenant, method=card, now=timezone.now())


def start_payment(tenant: Tenant, order: Order | None = None, *, card: str = VISA, **fields: Any) -> Payment:
    """A payment that the worker has not carried out yet."""
    if order is not None:
        fields["order_id"] = order.id
    else:
        fields = {"amount": 1000, "currency": "EUR", **fields}
    return create_payment(tenant=tenant, token_id=make_token(tenant, card).id, now=timezone.now(), **fields)


def pay(tenant: Tenant, order: Order | None = None, *, card: str = VISA, **fields: Any) -> Payment:
    """A payment that the provider has answered."""
    payment = start_payment(tenant, order, card=card, **fields)
    run_due_work()
    return get_payment(tenant, payment.id)


def reload(payment: Payment) -> Payment:
    return get_payment(payment.tenant, payment.id)


def order_of(payment: Payment) -> Order:
    return get_order(payment.tenant, payment.order_id)


def operations(payment: Payment) -> list[Operation]:
    return list(operations_of(payment).order_by("id"))


def postings() -> dict[str, int]:
    """Debits less credits per account type, of everything posted."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.type, sum(CASE e.direction WHEN 'debit' THEN e.amount ELSE -e.amount END)::bigint "
            "FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id GROUP BY a.type"
        )
        return {row[0]: row[1] for row in cursor.fetchall() if row[1]}


def event_types() -> list[str]:
    """Types of all events, in order of emission."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT type FROM events_event ORDER BY id")
        return [row[0] for row in cursor.fetchall()]
