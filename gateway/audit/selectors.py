"""Reading the audit log."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from gateway.audit.models import AuditEntry
from gateway.core.tenancy import Tenant


def list_entries(tenant: Tenant) -> QuerySet[AuditEntry]:
    """This merchant's entries in this mode, newest first."""
    return AuditEntry.objects.for_merchant(tenant).order_by("-id")


def entries_of_subject(tenant: Tenant, *, subject_type: str, subject_id: UUID | str) -> QuerySet[AuditEntry]:
    """What was done to one object, oldest first."""
    return list_entries(tenant).filter(subject_type=subject_type, subject_id=str(subject_id)).order_by("id")
