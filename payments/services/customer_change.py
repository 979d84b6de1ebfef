"""The tail of every change of a customer: event, sealed with the customer's own key, and audit."""

from __future__ import annotations

from datetime import datetime

from gateway.audit.services.record import record
from gateway.events.services.emit import emit
from payments.models import Customer
from payments.selectors.representations import customer_object


def tell_customer_change(customer: Customer, verb: str, *, event: str, now: datetime) -> None:
    """Emit `customer.<event>` and audit `customer.<verb>`; the row is written already."""
    emit(
        type=f"customer.{event}",
        tenant=customer.tenant,
        subject_type="customer",
        subject_id=customer.id,
        data_object=customer_object(customer),
        amount=None,
        currency=None,
        status=None,
        data_key_id=customer.data_key_id,
        now=now,
    )
    record(
        action=f"customer.{verb}",
        subject_type="customer",
        subject_id=customer.id,
        tenant=customer.tenant,
        data={"version": customer.version},
    )
