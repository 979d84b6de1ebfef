"""Forget a person, and keep the books."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from gateway.core.personal import PERSONAL_FIELDS, erase_owner, without_personal
from gateway.core.tenancy import Tenant
from payments.models import Customer, Order, Payment
from payments.selectors.customers import customer_for_update, list_payment_methods
from payments.services.customer_change import tell_customer_change


def erase_customer(*, tenant: Tenant, customer_id: UUID, now: datetime) -> Customer:
    """Clear the personal fields and destroy the data keys: every sealed copy is unreadable from the commit on.

    Payments, orders and ledger stay, with ids only. Erasing twice changes nothing.
    """
    with transaction.atomic():
        customer = customer_for_update(tenant, customer_id)
        _clear_metadata(Order.objects.for_merchant(tenant).filter(customer_id=customer_id))
        _clear_metadata(
            Payment.objects.for_merchant(tenant).filter(Q(customer_id=customer_id) | Q(order__customer_id=customer_id))
        )
        erase_owner(customer.id)
        if customer.erased_at is not None:
            return customer
        customer.name = customer.email = customer.phone = customer.description = ""
        customer.metadata = {}
        customer.default_payment_method_id = None
        customer.erased_at = now
        customer.version += 1
        customer.save()
        list_payment_methods(tenant).filter(customer=customer, detached_at=None).update(detached_at=now, is_saved=False)
        tell_customer_change(customer, "erase", event="deleted", now=now)
    return customer


def _clear_metadata(rows: QuerySet[Order] | QuerySet[Payment]) -> None:
    """Clear what the merchant wrote about the person into these rows."""
    marked = rows.filter(metadata__has_any_keys=sorted(PERSONAL_FIELDS))
    for row in marked.select_for_update(of=("self",)).order_by("pk"):
        cleared = without_personal(row.metadata)
        row.metadata = {name: value for name, value in cleared.items() if value} if isinstance(cleared, dict) else {}
        row.version += 1
        row.save(update_fields=["metadata", "version"])
