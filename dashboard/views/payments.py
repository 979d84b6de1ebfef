"""Payments: the list, and one payment with its whole story."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from dashboard.forms.filters import MoneyFilters
from dashboard.presenters import payments as shown
from dashboard.presenters.paging import slice_of
from dashboard.presenters.payment_dialogs import payment_dialogs
from dashboard.presenters.refunds import refund_row
from dashboard.presenters.tabs import tabs
from dashboard.presenters.timeline import timeline
from dashboard.selectors.payment_story import Story, story_of
from dashboard.selectors.search import search_payments
from dashboard.selectors.seats import Seat
from dashboard.views.page import Page
from gateway.core.errors import NotFound
from gateway.core.ids import from_public
from payments.models import Payment
from payments.selectors.payments import list_payments
from payments.states import PaymentStatus


class PaymentList(Page):
    """Every payment, newest first."""

    needs = "payments:read"
    place = "payments"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page; for htmx the rows alone, with their tag."""
        filters = MoneyFilters(request.GET, statuses=PaymentStatus.values)
        rows = list_payments(self.tenant).select_related("payment_method", "order", "customer")
        rows = rows.filter(**filters.lookups())
        if words := filters.cleaned().get("q"):
            rows = search_payments(rows, self.tenant, words.strip())
        data = {
            **slice_of(rows, request.GET).with_rows(shown.payment_row),
            "filters": filters,
            "tabs": tabs(shown.TABS, request.GET),
            "poll_url": request.get_full_path(),
        }
        if self.wants_fragment:
            return self.polled("dashboard/payments/_table.html", data)
        return self.show("dashboard/payments/list.html", data, polled="dashboard/payments/_table.html")


class PaymentDetail(Page):
    """One payment."""

    needs = "payments:read"
    place = "payments"

    def get(self, request: HttpRequest, payment: str) -> HttpResponse:
        """The page; for htmx the story alone, with its tag."""
        row = payment_with_all(self.seat, payment)
        data = payment_data(story_of(row), self.seat)
        if self.wants_fragment:
            return self.polled("dashboard/payments/_story.html", data)
        whole = {**data, "dialogs": payment_dialogs(row, data["payment"]["actions"])}
        return self.show("dashboard/payments/detail.html", whole, polled="dashboard/payments/_story.html")


def payment_with_all(seat: Seat, public_id: str) -> Payment:
    """The merchant's payment with what its page shows. Raises `NotFound`."""
    rows = list_payments(seat.tenant).select_related("payment_method", "provider_account", "order", "customer")
    payment = rows.filter(id=from_public(Payment.ID_PREFIX, public_id)).first()
    if payment is None:
        raise NotFound("There is no such payment in this mode.")
    return payment


def payment_data(story: Story, seat: Seat) -> dict[str, Any]:
    """What the detail page and its parts show."""
    payment = story.payment
    head = shown.payment_head(payment, seat, story.operations)
    is_settling = any(refund.status in ("pending", "processing") for refund in story.refunds)
    is_delivering = any(delivery.status in ("pending", "delivering") for delivery in story.deliveries)
    return {
        "payment": head,
        "amounts": shown.payment_amounts(payment, story.fee),
        "facts": shown.payment_facts(payment),
        "metadata": payment.metadata,
        "refunds": [refund_row(refund) for refund in reversed(story.refunds)],
        "may_refund": seat.may("refunds:write"),
        "entries": timeline(story),
        "raw": shown.payment_json(payment, story.operations),
        "poll_url": reverse("dashboard:payment", args=[payment.public_id]),
        "poll_every": "2s" if head["is_moving"] or is_settling or is_delivering else "15s",
    }
