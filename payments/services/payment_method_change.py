"""The tail of every change of a payment method: the row, its event, audit."""

from __future__ import annotations

from datetime import datetime

from gateway.audit.services.record import record
from gateway.events.services.emit import emit
from payments.models import PaymentMethod
from payments.selectors.representations import payment_method_object


def close_method_change(method: PaymentMethod, verb: str, *, event: str, now: datetime) -> None:
    """Write the locked row, emit `payment_method.<event>` and audit `payment_method.<verb>`."""
    method.version += 1
    method.save()
    emit(
        type=f"payment_method.{event}",
        tenant=method.tenant,
        subject_type="payment_method",
        subject_id=method.id,
        data_object=payment_method_object(method),
        amount=None,
        currency=None,
        status=None,
        data_key_id=method.customer.data_key_id if method.customer else None,
        now=now,
    )
    record(action=f"payment_method.{verb}", subject_type="payment_method", subject_id=method.id, tenant=method.tenant)
