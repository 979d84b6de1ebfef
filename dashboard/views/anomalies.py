"""Anomalies: the open ones, the resolved ones, one with its explanation, and resolving it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from dashboard.forms.anomalies import ResolveForm
from dashboard.forms.refusals import add_refusal
from dashboard.presenters.anomalies import anomaly_page, anomaly_row
from dashboard.presenters.paging import slice_of
from dashboard.presenters.reconciliation import reconciliation_tabs
from dashboard.selectors.anomaly_subject import subject_of
from dashboard.views.page import Page, see_other
from gateway.core import clock
from gateway.core.errors import DomainError, Forbidden, NotFound
from gateway.core.ids import from_public
from payments.models import Anomaly
from payments.selectors.anomalies import get_anomaly, list_anomalies
from payments.services.resolve_anomaly import resolve_anomaly


class AnomalyList(Page):
    """Those that wait for a person, or those that were resolved, newest first."""

    needs = "anomalies:read"
    place = "settlements"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page; for htmx the rows alone, with their tag."""
        is_resolved = request.GET.get("status") == "resolved"
        rows = list_anomalies(self.tenant).filter(resolved_at__isnull=not is_resolved)
        data = {
            **slice_of(rows, request.GET).with_rows(anomaly_row),
            "tabs": reconciliation_tabs("resolved" if is_resolved else "open"),
            "is_resolved": is_resolved,
            "poll_url": request.get_full_path(),
        }
        if self.wants_fragment:
            return self.polled("dashboard/reconciliation/_anomalies.html", data)
        return self.show(
            "dashboard/reconciliation/anomalies.html", data, polled="dashboard/reconciliation/_anomalies.html"
        )


class AnomalyDetail(Page):
    """One anomaly: what happened, what it means, what to do next."""

    needs = "anomalies:read"
    needs_to_write = "anomalies:write"
    place = "settlements"

    def get(self, request: HttpRequest, anomaly: str) -> HttpResponse:
        """The page, with the form while it is open."""
        row = self._anomaly(anomaly)
        return self._page(row, ResolveForm(anomaly=row))

    def _anomaly(self, public_id: str) -> Anomaly:
        return get_anomaly(self.tenant, from_public(Anomaly.ID_PREFIX, public_id))

    def _page(self, anomaly: Anomaly, form: ResolveForm, *, status: int = 200) -> HttpResponse:
        data = {
            "anomaly": anomaly_page(anomaly, subject_of(anomaly)),
            "form": form,
            "resolve_url": reverse("dashboard:anomaly-resolve", args=[anomaly.public_id]),
            "may_resolve": self.seat.may("anomalies:write"),
        }
        return self.show("dashboard/reconciliation/anomaly.html", data, status=status)


class AnomalyResolve(AnomalyDetail):
    """Decide."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, anomaly: str) -> HttpResponse:
        """Resolve it, once; a refusal comes back in the form, 422."""
        row = self._anomaly(anomaly)
        form = ResolveForm(request.POST, anomaly=row)
        if not form.is_valid():
            return self._page(row, form, status=422)
        try:
            resolve_anomaly(
                tenant=self.tenant,
                anomaly_id=row.id,
                note=form.cleaned_data["note"],
                posting=form.cleaned_data.get("posting", ""),
                now=clock.now(),
            )
        except (Forbidden, NotFound):
            raise
        except DomainError as refusal:
            return self._page(self._anomaly(anomaly), add_refusal(form, refusal), status=422)
        messages.success(request, "The anomaly is resolved. Your note is in the audit log.")
        return see_other(reverse("dashboard:anomaly", args=[row.public_id]))
