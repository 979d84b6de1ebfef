"""Refunds: the list, and taking one back that has not been sent."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from dashboard.forms.filters import MoneyFilters
from dashboard.presenters.paging import slice_of
from dashboard.presenters.refunds import TABS, refund_row
from dashboard.presenters.tabs import tabs
from dashboard.selectors.search import search_refunds
from dashboard.views.page import Page
from gateway.core import clock
from gateway.core.ids import from_public, to_public
from refunds.models import Refund
from refunds.selectors.refunds import get_refund, refunds_of
from refunds.services.cancel_refund import cancel_refund
from refunds.states import REFUND


class RefundList(Page):
    """Every refund, newest first."""

    needs = "refunds:read"
    place = "refunds"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page; for htmx the rows alone, with their tag."""
        filters = MoneyFilters(request.GET, statuses=REFUND.states)
        rows = refunds_of(self.tenant).filter(**filters.lookups())
        if words := filters.cleaned().get("q"):
            rows = search_refunds(rows, words.strip())
        data = {
            **slice_of(rows, request.GET).with_rows(refund_row),
            "filters": filters,
            "tabs": tabs(TABS, request.GET),
            "poll_url": request.get_full_path(),
        }
        if self.wants_fragment:
            return self.polled("dashboard/refunds/_table.html", data)
        return self.show("dashboard/refunds/list.html", data, polled="dashboard/refunds/_table.html")


class RefundCancel(Page):
    """Take a refund back before the bank has heard of it."""

    needs = "refunds:read"
    needs_to_write = "refunds:write"
    place = "refunds"

    def get(self, request: HttpRequest, refund: str) -> HttpResponse:
        """Ask whether it is meant."""
        row = get_refund(self.tenant, from_public(Refund.ID_PREFIX, refund))
        return self.show("dashboard/refunds/cancel.html", {"refund": refund_row(row)})

    def post(self, request: HttpRequest, refund: str) -> HttpResponse:
        """Cancel it."""
        row = get_refund(self.tenant, from_public(Refund.ID_PREFIX, refund))
        return self.act(
            lambda: cancel_refund(tenant=self.tenant, refund_id=row.id, now=clock.now()),
            done="The refund was canceled. Its amount is back in the payment's balance.",
            to=reverse("dashboard:payment", args=[to_public("pay", row.payment_id)]),
        )
