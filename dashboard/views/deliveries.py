"""Deliveries: the list, one with every attempt, and sending one again."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from dashboard.forms.filters import StatusFilters
from dashboard.presenters.paging import slice_of
from dashboard.presenters.tabs import tabs
from dashboard.presenters.webhooks import TABS, delivery_page, delivery_row, pretty_body
from dashboard.selectors.search import search_deliveries
from dashboard.views.page import Page
from gateway.core.ids import from_public
from gateway.events.selectors.events import event_body, get_event
from webhooks.models import Delivery
from webhooks.selectors.deliveries import attempts_of, deliveries_of, get_delivery
from webhooks.services.retry_delivery import retry_delivery
from webhooks.states import DELIVERY


class DeliveryList(Page):
    """Every delivery, newest first."""

    needs = "webhooks:read"
    place = "deliveries"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page; for htmx the rows alone, with their tag."""
        filters = StatusFilters(request.GET, statuses=DELIVERY.states)
        rows = deliveries_of(self.tenant).filter(**filters.lookups())
        if words := filters.cleaned().get("q"):
            rows = search_deliveries(rows, words.strip())
        data = {
            **slice_of(rows, request.GET).with_rows(delivery_row),
            "filters": filters,
            "tabs": tabs(TABS, request.GET),
            "poll_url": request.get_full_path(),
        }
        if self.wants_fragment:
            return self.polled("dashboard/webhooks/_deliveries.html", data)
        return self.show("dashboard/webhooks/deliveries.html", data, polled="dashboard/webhooks/_deliveries.html")


class DeliveryDetail(Page):
    """One delivery."""

    needs = "webhooks:read"
    needs_to_write = "webhooks:write"
    place = "deliveries"

    def get(self, request: HttpRequest, delivery: str) -> HttpResponse:
        """The page; for htmx the attempts alone, with their tag."""
        row = self.delivery(delivery)
        data = {
            "delivery": delivery_page(row, attempts_of(row)),
            "poll_url": request.get_full_path(),
            "may_resend": self.seat.may("webhooks:write"),
        }
        if self.wants_fragment:
            return self.polled("dashboard/webhooks/_attempts.html", data)
        body = event_body(get_event(self.tenant, row.event_id))
        return self.show(
            "dashboard/webhooks/delivery.html",
            {**data, "body": pretty_body(body)},
            polled="dashboard/webhooks/_attempts.html",
        )

    def delivery(self, public_id: str) -> Delivery:
        """The merchant's delivery. Raises `NotFound`."""
        return get_delivery(self.tenant, from_public(Delivery.ID_PREFIX, public_id))


class DeliveryResend(DeliveryDetail):
    """Once more, now."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, delivery: str) -> HttpResponse:
        """Send it again, under its old number and id."""
        row = self.delivery(delivery)
        return self.act(
            lambda: retry_delivery(tenant=self.tenant, delivery_id=row.id),
            done="It is being sent again, under the same webhook-id.",
            to=reverse("dashboard:delivery", args=[row.public_id]),
        )
