"""Stop keeping a payment method."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from gateway.core.opening import NO_CALL, OpeningCall
from gateway.core.tenancy import Tenant
from payments.models import PaymentMethod
from payments.selectors.customers import customer_for_update, get_payment_method, payment_method_for_update
from payments.services.payment_method_change import close_method_change


def detach_payment_method(
    *, tenant: Tenant, payment_method_id: UUID, now: datetime, call: OpeningCall = NO_CALL
) -> PaymentMethod:
    """Never charge the method again. Detaching twice changes nothing."""
    with transaction.atomic():
        call.begin()
        owner_id = get_payment_method(tenant, payment_method_id).customer_id
        customer = customer_for_update(tenant, owner_id) if owner_id else None  # its row is locked before the method's
        method = payment_method_for_update(tenant, payment_method_id)
        if method.detached_at is None:
            if customer is not None and customer.default_payment_method_id == method.id:
                customer.default_payment_method_id = None
                customer.version += 1
                customer.save(update_fields=["default_payment_method_id", "version"])
            method.detached_at, method.is_saved = now, False
            close_method_change(method, "detach", event="detached", now=now)
        call.remember(method)
    return method
