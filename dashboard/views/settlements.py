"""Settlement files: the list, a file with its lines, and looking for new ones."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from dashboard.presenters.paging import slice_of
from dashboard.presenters.reconciliation import file_page, file_row, line_row, reconciliation_tabs
from dashboard.presenters.tabs import tabs
from dashboard.views.page import Page
from gateway.core.ids import from_public
from reconciliation import states
from reconciliation.models import SettlementFile
from reconciliation.selectors.settlements import files_of, get_file, lines_of
from reconciliation.services.import_settlements import import_settlements

LINES_ON_A_PAGE = 100
LINE_TABS = (("All lines", ""), ("Differences", states.DIFFERENT))


class SettlementList(Page):
    """Every file, newest first."""

    needs = "anomalies:read"
    place = "settlements"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page; for htmx the rows alone, with their tag."""
        data = {
            **slice_of(files_of(self.tenant), request.GET).with_rows(file_row),
            "tabs": reconciliation_tabs("files"),
            "poll_url": request.get_full_path(),
            "may_import": self.seat.may("anomalies:write"),
        }
        if self.wants_fragment:
            return self.polled("dashboard/reconciliation/_files.html", data)
        return self.show("dashboard/reconciliation/files.html", data, polled="dashboard/reconciliation/_files.html")


class SettlementImport(Page):
    """Look for new files now."""

    http_method_names = ("post",)
    needs = "anomalies:read"
    needs_to_write = "anomalies:write"
    place = "settlements"

    def post(self, request: HttpRequest) -> HttpResponse:
        """Ask; the worker does the rest."""
        return self.act(
            lambda: import_settlements(tenant=self.tenant),
            done="The bank is being asked for new settlement files. They appear here as they are read.",
            to=reverse("dashboard:settlements"),
        )


class SettlementDetail(Page):
    """One file, with its lines in their order."""

    needs = "anomalies:read"
    place = "settlements"

    def get(self, request: HttpRequest, file: str) -> HttpResponse:
        """The page."""
        row = get_file(self.tenant, from_public(SettlementFile.ID_PREFIX, file))
        lines = lines_of(row).order_by("number")
        if request.GET.get("status") == states.DIFFERENT:
            lines = lines.filter(state=states.DIFFERENT)
        after = request.GET.get("after", "")
        if after.isascii() and after.isdigit() and len(after) < 10:
            lines = lines.filter(number__gt=int(after))
        found = list(lines[: LINES_ON_A_PAGE + 1])
        shown = found[:LINES_ON_A_PAGE]
        query = request.GET.copy()
        if shown:
            query["after"] = str(shown[-1].number)
        data = {
            "file": file_page(row),
            "lines": [line_row(line) for line in shown],
            "next_url": f"?{query.urlencode()}" if len(found) > len(shown) else "",
            "tabs": tabs(LINE_TABS, request.GET),
        }
        return self.show("dashboard/reconciliation/file.html", data)
