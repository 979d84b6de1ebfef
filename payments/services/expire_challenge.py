"""Call off a challenge that the customer has not answered in time."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from payments.selectors.operations import open_operation as present_operation
from payments.services.change import PaymentChange
from payments.services.open_operation import open_operation
from payments.states import OperationKind, PaymentStatus, VoidPurpose


def expire_challenge(*, payment_id: UUID, now: datetime) -> datetime | None:
    """Void the waiting payment at the provider once its time is over. Returns when to come back, if it is too early.

    Runs in the caller's transaction. A void that is under way is left alone: when it fails, it sets the timer again.
    """
    change = PaymentChange(payment_id=payment_id, now=now)
    payment = change.payment
    if payment.status != PaymentStatus.REQUIRES_ACTION or payment.expires_at is None:
        return None
    if now < payment.expires_at:
        return payment.expires_at
    if present_operation(payment) is None:
        open_operation(
            change, payment=payment, kind=OperationKind.VOID, amount=payment.amount, purpose=VoidPurpose.EXPIRY
        )
        change.close("payment.challenge_expired", payment)
    return None
