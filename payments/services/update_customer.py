"""Correct what is known of a customer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from gateway.core.opening import NO_CALL, OpeningCall
from gateway.core.tenancy import Tenant
from payments.errors import CustomerErased, InvalidState
from payments.models import Customer
from payments.selectors.customers import customer_for_update, get_payment_method
from payments.services.customer_change import tell_customer_change

CHANGEABLE = ("name", "email", "phone", "description", "metadata")


def update_customer(
    *,
    tenant: Tenant,
    customer_id: UUID,
    changes: Mapping[str, Any],
    default_payment_method_id: UUID | None = None,
    now: datetime,
    call: OpeningCall = NO_CALL,
) -> Customer:
    """Set the given fields (of `CHANGEABLE`), and the default method, which must be the customer's own saved one."""
    with transaction.atomic():
        call.begin()
        customer = customer_for_update(tenant, customer_id)
        if customer.erased_at is not None:
            raise CustomerErased
        for field in CHANGEABLE:
            if field in changes:
                setattr(customer, field, changes[field])
        if default_payment_method_id is not None:
            method = get_payment_method(tenant, default_payment_method_id)
            if method.customer_id != customer.id or method.detached_at is not None:
                raise InvalidState("This payment method is not attached to the customer.")
            customer.default_payment_method_id = method.id
        customer.version += 1
        customer.save()
        tell_customer_change(customer, "update", event="updated", now=now)
        call.remember(customer)
    return customer
