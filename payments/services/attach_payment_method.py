"""Keep a payment method for a customer."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from gateway.core.opening import NO_CALL, OpeningCall
from gateway.core.tenancy import Tenant
from payments.errors import InvalidState
from payments.models import PaymentMethod
from payments.selectors.customers import customer_for_update, payment_method_for_update
from payments.services.payment_method_change import close_method_change


def attach_payment_method(
    *, tenant: Tenant, payment_method_id: UUID, customer_id: UUID, now: datetime, call: OpeningCall = NO_CALL
) -> PaymentMethod:
    """Save the method for this customer. Raises `InvalidState` when it belongs to another or was detached."""
    with transaction.atomic():
        call.begin()
        customer = customer_for_update(tenant, customer_id)
        method = payment_method_for_update(tenant, payment_method_id)
        is_other = method.customer_id not in (None, customer.id)
        if customer.erased_at is not None or is_other or method.detached_at is not None or method.test_name:
            raise InvalidState("This payment method cannot be attached to this customer.")
        method.customer, method.is_saved = customer, True
        close_method_change(method, "attach", event="attached", now=now)
        call.remember(method)
    return method
