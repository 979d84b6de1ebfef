"""Staff look after stuck work here. Letting it run again is recorded, which the floor of `gateway.work` cannot do itself."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from gateway.audit.admin import actor_of
from gateway.audit.services.record import record
from gateway.core import context
from gateway.core.admin import ReadOnlyAdmin
from gateway.core.tenancy import Tenant
from gateway.work import states
from gateway.work.models import Work
from gateway.work.services.release import release


@admin.register(Work)
class WorkAdmin(ReadOnlyAdmin):
    """What remains to be done; quarantined rows wait for a person."""

    list_display = ("kind", "subject_id", "state", "queue", "attempts", "strikes", "run_at", "error")
    list_filter = ("state", "queue", "kind")
    search_fields = ("subject_id",)
    ordering = ("-id",)
    actions = ("release_work",)

    @admin.action(description="Release from quarantine: let it run again", permissions=["release"])
    def release_work(self, request: HttpRequest, rows: QuerySet[Work]) -> None:
        """Release the chosen rows that are in quarantine, and say how many there were."""
        released = 0
        for work in rows.filter(state=states.QUARANTINED):
            with transaction.atomic(), context.bound(actor=actor_of(request)):
                if not release(work.id):
                    continue
                is_owned = work.merchant_id is not None and work.livemode is not None
                record(
                    action="work.released",
                    subject_type="work",
                    subject_id=work.id,
                    tenant=Tenant(work.merchant_id, bool(work.livemode)) if is_owned and work.merchant_id else None,
                    data={"kind": work.kind, "subject": str(work.subject_id)},
                )
            released += 1
        level = messages.SUCCESS if released else messages.WARNING
        self.message_user(request, f"{released} released; what was not in quarantine stays as it is.", level)

    def has_release_permission(self, request: HttpRequest) -> bool:
        """Who may only read may not set work going."""
        return request.user.has_perm("work.change_work")
