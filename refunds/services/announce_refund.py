"""The tail of every change of a refund: event and audit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gateway.events.services.emit import emit
from payments.models import Payment
from refunds.models import Refund
from refunds.selectors.representations import refund_object
from refunds.services.audit_refund import audit_refund


def announce_refund(
    *, refund: Refund, payment: Payment, verb: str, now: datetime, previous: dict[str, Any] | None = None
) -> None:
    """Write `refund.<verb>` as an event and as an audit row, in the transaction of the change. What the merchant wrote
    about a person into the refund's metadata is sealed with the data key of its payment.
    """
    audit_refund(refund=refund, verb=verb)
    emit(
        type=f"refund.{verb}",
        tenant=refund.tenant,
        subject_type="refund",
        subject_id=refund.id,
        data_object=refund_object(refund),
        amount=refund.amount,
        currency=refund.currency,
        status=refund.status,
        data_key_id=payment.data_key_id,
        previous=previous,
        now=now,
    )
