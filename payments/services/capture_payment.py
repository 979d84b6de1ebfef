"""Take (part of) what is authorised."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from gateway.core.opening import NO_CALL, OpeningCall
from gateway.core.tenancy import Tenant
from payments.errors import AmountTooLarge, InvalidState, PaymentOperationInProgress
from payments.models import Payment
from payments.selectors.operations import open_operation as present_operation
from payments.selectors.payments import get_payment
from payments.services.change import PaymentChange
from payments.services.open_operation import open_operation
from payments.states import OperationKind, PaymentStatus


def capture_payment(
    *,
    tenant: Tenant,
    payment_id: UUID,
    amount: int | None = None,
    final: bool = False,
    now: datetime,
    call: OpeningCall = NO_CALL,
) -> Payment:
    """Reserve `amount` (default: all that is left) and leave the capture to the worker.

    `final` gives the rest back. Raises `InvalidState`, `AmountTooLarge`, or `PaymentOperationInProgress`.
    """
    with transaction.atomic():
        call.begin()
        get_payment(tenant, payment_id)
        change = PaymentChange(payment_id=payment_id, now=now)
        payment = change.payment
        if payment.status != PaymentStatus.REQUIRES_CAPTURE:
            raise InvalidState(f"A payment that is {payment.status} cannot be captured.", status=str(payment.status))
        if not payment.counts_toward_order:
            message = "The money came too late for its order and is on its way back."
            raise InvalidState(message, status=str(payment.status))
        if present_operation(payment) is not None:
            raise PaymentOperationInProgress
        capturable = payment.amount_capturable
        wanted = capturable if amount is None else amount
        if wanted > capturable:
            raise AmountTooLarge("The amount is more than what can be captured.", amount_capturable=capturable)
        payment.amount_capture_pending += wanted
        is_final = final or wanted == capturable
        open_operation(change, payment=payment, kind=OperationKind.CAPTURE, amount=wanted, is_final=is_final)
        change.event("payment.capture_requested", payment)
        change.close("payment.capture", payment, {"amount": wanted, "final": is_final})
        call.remember(payment)
    return payment
