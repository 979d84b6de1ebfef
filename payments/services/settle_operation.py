"""The way in for what a provider did with one of our operations, whoever brings the news."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from gateway.core.crashpoints import reach
from payments.models import Operation, Payment
from payments.providers.base import Observation
from payments.selectors.operations import operation_by_id, operation_for_update
from payments.services.apply_authorization import settle_authorization
from payments.services.apply_capture import settle_capture
from payments.services.apply_fact import apply_fact
from payments.services.apply_void import settle_void
from payments.services.change import PaymentChange
from payments.services.release_order import release_order
from payments.states import OperationKind


def settle_operation(*, operation_id: UUID, observation: Observation, now: datetime) -> Payment:
    """Accept the provider's word. Monotonic and idempotent; never looks at a lease; never raises for a late fact."""
    payment_id = operation_by_id(operation_id).payment_id
    with transaction.atomic():
        change = PaymentChange(payment_id=payment_id, now=now)
        operation = operation_for_update(operation_id)
        before = str(operation.status)
        _settle(change, operation, observation)
        if observation.payment is not None:
            apply_fact(change, fact=observation.payment, is_present=False)
        release_order(change)
        after = operation_for_update(operation_id).status
        data = {"kind": str(operation.kind), "from": before, "to": str(after), "payment": str(change.payment.id)}
        change.close("operation.settled", operation, data)
        reach("payments.before_settle_commit")
        return change.payment


def _settle(change: PaymentChange, operation: Operation, observation: Observation) -> None:
    match operation.kind:
        case OperationKind.AUTHORIZE:
            settle_authorization(change, operation, observation, is_present=False)
        case OperationKind.CAPTURE:
            settle_capture(change, operation, observation)
        case OperationKind.VOID:
            settle_void(change, operation, observation)
