"""Reading operations."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import QuerySet

from gateway.core.errors import NotFound
from gateway.core.partitions import prune_floor
from gateway.core.tenancy import Tenant
from payments.models import Operation, Payment
from payments.selectors.anomalies import was_opened
from payments.states import OPEN, UNRESOLVED, OperationKind, OperationStatus


def operations_of(payment: Payment) -> QuerySet[Operation]:
    """Every operation of this payment, unordered."""
    rows = Operation.objects.for_merchant(payment.tenant).select_related("provider_account")
    return rows.filter(payment_id=payment.id, id__gte=prune_floor(payment.id))


def operations_by_id(tenant: Tenant, ids: Sequence[UUID]) -> dict[UUID, Operation]:
    """Those of these operations that are the merchant's."""
    return Operation.objects.for_merchant(tenant).select_related("provider_account").in_bulk(ids)


def open_operation(payment: Payment) -> Operation | None:
    """The one operation that the provider has not answered yet, if there is one."""
    return operations_of(payment).filter(status__in=OPEN).first()


def authorize_operation(payment: Payment) -> Operation | None:
    """The latest request for the customer's money."""
    return operations_of(payment).filter(kind=OperationKind.AUTHORIZE).order_by("-id").first()


def authorize_operation_for_update(payment: Payment) -> Operation | None:
    """The same, locked: after its order and payment. A worker that sends it again counts that in the row."""
    rows = operations_of(payment).select_for_update(of=("self",))
    return rows.filter(kind=OperationKind.AUTHORIZE).order_by("-id").first()


def refused_voids(payment: Payment) -> int:
    """How often the provider has refused to give this payment back."""
    return operations_of(payment).filter(kind=OperationKind.VOID, status=OperationStatus.FAILED).count()


def captures_of(payment: Payment) -> list[Operation]:
    """The operations that brought money, newest first; refunds draw on their `captured_amount` less `fee_amount`."""
    return list(operations_of(payment).filter(captured_amount__gt=0).order_by("-id"))


def operation_by_id(operation_id: UUID) -> Operation:
    """The operation of any merchant, with its payment and accounts. Raises `NotFound`."""
    rows = Operation.objects.unscoped("work and providers name the operation by its id")
    operation = (
        rows.select_related("payment", "payment__payment_method", "provider_account").filter(id=operation_id).first()
    )
    if operation is None:
        raise NotFound("There is no such operation.")
    return operation


def operation_for_update(operation_id: UUID) -> Operation:
    """The operation, locked: after its order and payment. Raises `NotFound`."""
    rows = Operation.objects.unscoped("whoever locks acts for the provider or for the payment's merchant")
    operation = rows.select_for_update(of=("self",)).select_related("provider_account").filter(id=operation_id).first()
    if operation is None:
        raise NotFound("There is no such operation.")
    return operation


def waits_for_a_person(operation: Operation) -> bool:
    """Whether its outcome is unknown and the provider can no longer tell it."""
    return operation.status in OPEN and was_opened(operation.tenant, kind=UNRESOLVED, subject_id=operation.id)


def payment_id_of_operation(operation_id: UUID) -> UUID | None:
    """Which payment an operation id that a provider echoes belongs to; None for an unknown one."""
    rows = Operation.objects.unscoped("a provider names the operation by its id")
    return rows.filter(id=operation_id).values_list("payment_id", flat=True).first()
