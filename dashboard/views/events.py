"""Events: the list, and one with what it said and where it went."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from dashboard.forms.filters import ListFilters
from dashboard.presenters.events import event_page, event_row
from dashboard.presenters.paging import slice_of
from dashboard.presenters.webhooks import delivery_row, pretty_body
from dashboard.selectors.payment_story import deliveries_of_events
from dashboard.selectors.search import search_events
from dashboard.views.page import Page
from gateway.core.ids import from_public
from gateway.events.models import Event
from gateway.events.selectors.events import event_body, get_event, list_events


class EventList(Page):
    """Every event that is kept, newest first."""

    needs = "events:read"
    place = "events"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page; for htmx the rows alone, with their tag."""
        filters = ListFilters(request.GET)
        lookups = {name.replace("created_at", "timestamp"): value for name, value in filters.lookups().items()}
        rows = list_events(self.tenant).defer("body", "sealed_body").filter(**lookups)
        if words := filters.cleaned().get("q"):
            rows = search_events(rows, words.strip())
        data = {
            **slice_of(rows, request.GET).with_rows(event_row),
            "filters": filters,
            "poll_url": request.get_full_path(),
        }
        if self.wants_fragment:
            return self.polled("dashboard/events/_table.html", data)
        return self.show("dashboard/events/list.html", data, polled="dashboard/events/_table.html")


class EventDetail(Page):
    """One event."""

    needs = "events:read"
    place = "events"

    def get(self, request: HttpRequest, event: str) -> HttpResponse:
        """The page."""
        row = get_event(self.tenant, from_public(Event.ID_PREFIX, event))
        may_see_deliveries = self.seat.may("webhooks:read")
        deliveries = deliveries_of_events(self.tenant, [row]) if may_see_deliveries else []
        data = {
            "event": event_page(row),
            "body": pretty_body(event_body(row)),
            "rows": [delivery_row(delivery) for delivery in deliveries],
        }
        return self.show("dashboard/events/detail.html", data)
