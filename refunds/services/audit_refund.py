"""The audit row of a change of a refund."""

from __future__ import annotations

from gateway.audit.services.record import record
from refunds.models import Refund


def audit_refund(*, refund: Refund, verb: str) -> None:
    """Write `refund.<verb>` into the audit log, in the transaction of the change."""
    record(
        action=f"refund.{verb}",
        subject_type="refund",
        subject_id=refund.id,
        tenant=refund.tenant,
        data={"amount": refund.amount, "currency": refund.currency, "status": refund.status},
    )
