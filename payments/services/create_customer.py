"""A merchant meets a customer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from gateway.core.opening import NO_CALL, OpeningCall
from gateway.core.personal import new_data_key
from gateway.core.tenancy import Tenant
from payments.models import Customer
from payments.services.customer_change import tell_customer_change


def create_customer(
    *,
    tenant: Tenant,
    name: str = "",
    email: str = "",
    phone: str = "",
    description: str = "",
    metadata: Mapping[str, str] | None = None,
    now: datetime,
    call: OpeningCall = NO_CALL,
) -> Customer:
    """Create a customer with a data key, which seals every copy of the personal fields."""
    with transaction.atomic():
        call.begin()
        customer = Customer(
            merchant_id=tenant.merchant_id,
            livemode=tenant.livemode,
            name=name,
            email=email,
            phone=phone,
            description=description,
            metadata=dict(metadata or {}),
            created_at=now,
        )
        customer.data_key_id = new_data_key(owner_id=customer.id)
        customer.save(force_insert=True)
        tell_customer_change(customer, "create", event="created", now=now)
        call.remember(customer)
    return customer
