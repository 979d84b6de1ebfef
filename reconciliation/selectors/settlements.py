"""Reading settlement files and lines."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from gateway.core.errors import NotFound
from gateway.core.tenancy import Tenant
from reconciliation import states
from reconciliation.models import SettlementFile, SettlementLine

_WORK = "work carries the id of the file"


def files_of(tenant: Tenant) -> QuerySet[SettlementFile]:
    """The merchant's files in this mode, unordered, with their provider accounts."""
    return SettlementFile.objects.for_merchant(tenant).select_related("provider_account")


def get_file(tenant: Tenant, file_id: UUID) -> SettlementFile:
    """One of them. Raises `NotFound`."""
    file = files_of(tenant).filter(id=file_id).first()
    if file is None:
        raise NotFound("There is no such settlement file in this mode.")
    return file


def lines_of(file: SettlementFile) -> QuerySet[SettlementLine]:
    """The lines of a file, unordered."""
    return SettlementLine.objects.for_merchant(file.tenant).filter(file_id=file.id)


def line_of_anomaly(tenant: Tenant, anomaly_id: UUID) -> SettlementLine | None:
    """The line that opened this anomaly, with its file."""
    rows = SettlementLine.objects.for_merchant(tenant).select_related("file")
    return rows.filter(anomaly_id=anomaly_id).first()


def line_by_id(tenant: Tenant, line_id: UUID) -> SettlementLine | None:
    """One line of this merchant, with its file."""
    return SettlementLine.objects.for_merchant(tenant).select_related("file").filter(id=line_id).first()


def file_by_id(file_id: UUID) -> SettlementFile | None:
    """The file that a work row names."""
    return SettlementFile.objects.unscoped(_WORK).select_related("provider_account").filter(id=file_id).first()


def file_for_update(file_id: UUID) -> SettlementFile:
    """The same, locked."""
    return SettlementFile.objects.unscoped(_WORK).select_for_update(of=("self",)).get(id=file_id)


def line_for_update(line_id: UUID) -> SettlementLine:
    """A line, locked, with its account."""
    rows = SettlementLine.objects.unscoped(_WORK).select_related("provider_account", "file")
    return rows.select_for_update(of=("self",)).get(id=line_id)


def pending_line_ids(file_id: UUID, *, after: int, limit: int) -> list[tuple[int, UUID]]:
    """(number, id) of the next lines of the file that are not posted."""
    rows = SettlementLine.objects.unscoped(_WORK).filter(file_id=file_id, state=states.PENDING, number__gt=after)
    return list(rows.order_by("number").values_list("number", "id")[:limit])
