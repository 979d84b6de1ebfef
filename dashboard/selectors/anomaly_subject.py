"""What an anomaly is about: the payment, the refund, the settlement file, and who resolved it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from gateway.core.errors import NotFound
from gateway.core.ids import from_public
from merchants.models import User
from payments.models import Anomaly
from payments.selectors.operations import operations_by_id
from reconciliation.models import SettlementFile
from reconciliation.selectors.settlements import files_of, line_by_id, line_of_anomaly
from refunds.selectors.refunds import refunds_of


@dataclass(frozen=True, slots=True)
class AnomalySubject:
    """Each part where there is one. `resolver` is a name, or the kind of machinery that did it."""

    payment_id: UUID | None = None
    refund_id: UUID | None = None
    file: SettlementFile | None = None
    line_number: int | None = None
    resolver: str = ""


def subject_of(anomaly: Anomaly) -> AnomalySubject:
    """Read it, in at most three queries."""
    payment_id, refund_id, file, number = None, None, None, None
    match anomaly.subject_type:
        case "payment":
            payment_id = anomaly.subject_id
        case "operation":
            operation = operations_by_id(anomaly.tenant, [anomaly.subject_id]).get(anomaly.subject_id)
            payment_id = operation.payment_id if operation else None
        case "refund":
            refund_id = anomaly.subject_id
            rows = refunds_of(anomaly.tenant).filter(id=refund_id)
            payment_id = rows.values_list("payment_id", flat=True).first()
        case "settlement_file":
            file = files_of(anomaly.tenant).filter(id=anomaly.subject_id).first()
    line = line_of_anomaly(anomaly.tenant, anomaly.id)
    if line is None and anomaly.subject_type == "settlement_line":
        line = line_by_id(anomaly.tenant, anomaly.subject_id)
    if line is not None:
        file, number = line.file, line.number
    return AnomalySubject(payment_id, refund_id, file, number, _resolver(anomaly.resolved_by))


def _resolver(actor: str) -> str:
    kind, _, public_id = actor.partition(" ")
    if kind == "staff":
        return "the gateway's operator"
    if kind != "person":
        return "the gateway itself" if kind else ""
    try:
        person = User.objects.filter(id=from_public("usr", public_id)).first()
    except NotFound:
        return public_id
    return (person.name or person.email) if person else public_id
