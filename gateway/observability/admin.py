"""System truths: what must always hold, in plain words, and how it was found the last time. Staff may look again."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from gateway.audit.admin import actor_of
from gateway.audit.services.record import record
from gateway.core import context
from gateway.core.admin import ReadOnlyAdmin
from gateway.core.ids import new_id
from gateway.observability.models import InvariantRun
from gateway.observability.services.audit_truths import audit_truths


@admin.register(InvariantRun)
class InvariantRunAdmin(ReadOnlyAdmin):
    """One page with every truth instead of a list of rows."""

    def get_urls(self) -> list[URLPattern]:
        """The page, and the button on it."""
        run_now = path("run", self.admin_site.admin_view(self.run_now), name="observability_run_now")
        return [run_now, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Every truth that the settings name, the broken ones first."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        runs = {run.name: run for run in InvariantRun.objects.all()}
        truths = [_shown(import_module(module), runs) for module in settings.INVARIANTS]
        truths.sort(key=lambda truth: (truth["verdict"] != "broken", truth["name"]))
        page = {
            **self.admin_site.each_context(request),
            "title": "System truths",
            "truths": truths,
            "broken": sum(truth["verdict"] == "broken" for truth in truths),
            "unknown": sum(truth["verdict"] == "unknown" for truth in truths),
            "may_run": self.has_run_permission(request),
            "cl": self.get_changelist_instance(request),
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/system_truths.html", page)

    def run_now(self, request: HttpRequest) -> HttpResponse:
        """Check all of them now, keep what was found, and write down who asked."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_run_permission(request):
            raise PermissionDenied
        results = audit_truths()
        broken = [result.name for result in results if not result.holds]
        with transaction.atomic(), context.bound(actor=actor_of(request)):
            record(
                action="invariants.run_by_staff",
                subject_type="invariants",
                subject_id=new_id(),
                tenant=None,
                data={"checked": len(results), "broken": broken},
            )
        if broken:
            self.message_user(request, f"{len(broken)} of {len(results)} do not hold.", messages.ERROR)
        else:
            self.message_user(request, f"All {len(results)} hold.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:observability_invariantrun_changelist"))

    def has_run_permission(self, request: HttpRequest) -> bool:
        """Who may only look may not set the database to work."""
        return request.user.has_perm("observability.change_invariantrun")


def _shown(module: Any, runs: dict[str, InvariantRun]) -> dict[str, Any]:
    run = runs.get(module.NAME)
    is_known = run is not None and run.finished_at is not None
    verdict = "unknown" if run is None or not is_known else "broken" if run.violations else "holds"
    return {"name": module.NAME, "sentence": module.DESCRIPTION, "verdict": verdict, "run": run if is_known else None}
