"""Write the provider's word into the operation's row."""

from __future__ import annotations

from payments.models import Operation
from payments.providers.base import Observation
from payments.services.change import Change
from payments.states import OPERATION, OperationStatus


def resolve_operation(
    change: Change,
    *,
    operation: Operation,
    status: OperationStatus,
    observation: Observation | None,
    late: bool = False,
) -> None:
    """Take the operation to `status` with the provider's codes. `late` accepts proof of success after a final no."""
    if not (late and status == OperationStatus.SUCCEEDED):
        OPERATION.require(operation.status, status)
    operation.status = status
    if observation is not None:
        operation.code = observation.code[:60]
        operation.decline_code = observation.decline_code[:60]
        operation.message = observation.message[:500]
        operation.provider_reference = observation.operation_reference or operation.provider_reference
    if status == OperationStatus.SUCCEEDED:
        operation.code = operation.decline_code = operation.message = ""
    if status != OperationStatus.REQUIRES_ACTION:
        operation.resolved_at = change.now
    operation.version += 1
    change.touch()
    operation.save()
