"""Forget a person, and keep the books."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

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
        # Orders and payments are locked before the customer: a new payment holds its order and looks at the customer.
        for model in (Order, Payment):
            _clear_metadata(model, tenant=tenant, customer_id=customer_id)
        customer = customer_for_update(tenant, customer_id)
        if customer.erased_at is not None:
            return customer
        customer.name = customer.email = customer.phone = customer.description = ""
        customer.metadata = {}
        customer.default_payment_method_id = None
        customer.erased_at = now
        customer.version += 1
        customer.save()
        list_payment_methods(tenant).filter(customer=customer, detached_at=None).update(detached_at=now, is_saved=False)
        erase_owner(customer.id)
        tell_customer_change(customer, "erase", event="deleted", now=now)
    return customer


def _clear_metadata(model: type[Order] | type[Payment], *, tenant: Tenant, customer_id: UUID) -> None:
    """Clear what the merchant wrote about the person into these rows."""
    rows = model.objects.for_merchant(tenant).filter(
        customer_id=customer_id, metadata__has_any_keys=sorted(PERSONAL_FIELDS)
    )
    for row in rows.select_for_update(of=("self",)).order_by("pk"):
        cleared = without_personal(row.metadata)
        row.metadata = {name: value for name, value in cleared.items() if value} if isinstance(cleared, dict) else {}
        row.version += 1
        row.save(update_fields=["metadata", "version"])
