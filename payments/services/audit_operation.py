"""The audit row of a step of an operation that no other service's tail tells."""

from __future__ import annotations

from gateway.audit.services.record import record
from payments.models import Operation


def audit_operation(operation: Operation, *, verb: str) -> None:
    """Write `operation.<verb>` into the audit log, in the transaction of the step."""
    record(
        action=f"operation.{verb}",
        subject_type="operation",
        subject_id=operation.id,
        tenant=operation.tenant,
        data={"kind": str(operation.kind), "amount": operation.amount, "currency": operation.currency},
    )
