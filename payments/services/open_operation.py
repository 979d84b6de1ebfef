"""Phase one of a money verb: the operation's row, with the id that will be the provider's key."""

from __future__ import annotations

from payments.errors import NoProviderAccount, PaymentOperationInProgress
from payments.models import Operation, Payment
from payments.selectors.operations import open_operation as present_operation
from payments.services.audit_operation import audit_operation
from payments.services.change import CARRY_OUT, Change
from payments.states import OperationKind, PaymentStatus, VoidPurpose


def open_operation(
    change: Change,
    *,
    payment: Payment,
    kind: OperationKind,
    amount: int,
    is_final: bool = False,
    purpose: VoidPurpose | None = None,
) -> Operation:
    """Write the operation and leave its carrying-out to the worker; order and payment are locked by the caller.

    Raises `PaymentOperationInProgress` when the provider has not answered an earlier one yet.
    """
    if present_operation(payment) is not None:
        raise PaymentOperationInProgress
    if payment.provider_account is None:
        raise NoProviderAccount
    operation = Operation(
        merchant_id=payment.merchant_id,
        livemode=payment.livemode,
        payment_id=payment.id,
        kind=kind,
        amount=amount,
        currency=payment.currency,
        provider_account=payment.provider_account,
        is_final=is_final,
        purpose=purpose or "",
        only_if_waiting=kind == OperationKind.VOID and payment.status == PaymentStatus.REQUIRES_ACTION,
        created_at=change.now,
    )
    operation.save(force_insert=True)
    audit_operation(operation, verb="created")
    change.later(CARRY_OUT, operation.id)
    return operation
