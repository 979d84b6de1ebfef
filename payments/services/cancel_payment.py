"""Give up a payment, and give back what is authorised."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from gateway.core.opening import NO_CALL, OpeningCall
from gateway.core.tenancy import Tenant
from payments.errors import InvalidState, PaymentOperationInProgress
from payments.models import Payment
from payments.rules.declines import shown_failure
from payments.selectors.operations import open_operation as present_operation
from payments.selectors.payments import get_payment
from payments.services.change import PaymentChange
from payments.services.open_operation import open_operation
from payments.states import OperationKind, PaymentStatus, VoidPurpose

_AT_PROVIDER = (PaymentStatus.REQUIRES_ACTION, PaymentStatus.REQUIRES_CAPTURE)
_BEFORE = (PaymentStatus.REQUIRES_PAYMENT_METHOD, PaymentStatus.REQUIRES_CONFIRMATION)


def cancel_payment(*, tenant: Tenant, payment_id: UUID, now: datetime, call: OpeningCall = NO_CALL) -> Payment:
    """Cancel it: at once where the provider knows nothing of it, else by a void that the worker carries out.

    A customer who has approved before the void arrives has paid; then the payment succeeds. Raises `InvalidState`, or
    `PaymentOperationInProgress` while the provider is being asked.
    """
    with transaction.atomic():
        call.begin()
        get_payment(tenant, payment_id)
        change = PaymentChange(payment_id=payment_id, now=now)
        payment = change.payment
        is_queued = change.order.next_payment_id == payment.id
        if payment.status in _BEFORE or is_queued:
            if is_queued:
                change.order.next_payment_id = change.order.next_queued_at = None
            _cancel_here(change)
        elif present_operation(payment) is not None:
            raise PaymentOperationInProgress
        elif payment.status in _AT_PROVIDER:
            _cancel_at_provider(change)
        else:
            raise InvalidState(f"A payment that is {payment.status} cannot be canceled.", status=str(payment.status))
        change.close("payment.cancel", payment)
        call.remember(payment)
    return payment


def _cancel_here(change: PaymentChange) -> None:
    payment = change.payment
    change.move(payment, PaymentStatus.CANCELED)
    payment.canceled_at = change.now
    payment.failure = shown_failure(code="canceled")
    change.event("payment.canceled", payment)


def _cancel_at_provider(change: PaymentChange) -> None:
    payment = change.payment
    amount = payment.amount_capturable or payment.amount
    purpose = VoidPurpose.REQUESTED
    open_operation(change, payment=payment, kind=OperationKind.VOID, amount=amount, purpose=purpose)
    change.event("payment.cancel_requested", payment)
