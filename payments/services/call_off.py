"""See to it that what has to be given back is given back, and that nobody waits for that too long."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from payments.rules.resending import RESEND_WINDOW
from payments.selectors.operations import open_operation as present_operation
from payments.services.change import PaymentChange
from payments.services.open_operation import open_operation
from payments.services.release_order import release_order
from payments.states import OperationKind


def call_off(*, payment_id: UUID, now: datetime) -> datetime | None:
    """Void the payment (again) if it must be and no void is under way; end an attempt that has waited for it too long.

    Runs in the caller's transaction. Returns when to look again, in real time; a void that is refused says so itself.
    """
    change = PaymentChange(payment_id=payment_id, now=now)
    release_order(change)
    order, payment = change.order, change.payment
    purpose = change.void_that_is_due()
    if purpose is not None and present_operation(payment) is None:
        amount = payment.amount_authorized or payment.amount
        open_operation(change, payment=payment, kind=OperationKind.VOID, amount=amount, purpose=purpose)
    change.close("payment.call_off", payment)
    return order.next_queued_at + RESEND_WINDOW if change.is_live and order.next_queued_at is not None else None
