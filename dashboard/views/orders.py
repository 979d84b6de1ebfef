"""Orders: the list, one order with its attempts, and canceling it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from dashboard.forms.filters import MoneyFilters
from dashboard.presenters.orders import TABS, order_page, order_row
from dashboard.presenters.paging import slice_of
from dashboard.presenters.payments import payment_row, raw_json
from dashboard.presenters.tabs import tabs
from dashboard.selectors.search import search_orders
from dashboard.views.page import Page
from gateway.core import clock
from gateway.core.errors import NotFound
from gateway.core.ids import from_public
from payments.models import Order
from payments.selectors.orders import list_orders
from payments.selectors.payments import payments_of_order
from payments.selectors.representations import order_object
from payments.services.cancel_order import cancel_order
from payments.states import OrderStatus


class OrderList(Page):
    """Every order, newest first."""

    needs = "orders:read"
    place = "orders"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page; for htmx the rows alone, with their tag."""
        filters = MoneyFilters(request.GET, statuses=OrderStatus.values)
        rows = list_orders(self.tenant).select_related("customer").filter(**filters.lookups())
        if words := filters.cleaned().get("q"):
            rows = search_orders(rows, words.strip())
        data = {
            **slice_of(rows, request.GET).with_rows(order_row),
            "filters": filters,
            "tabs": tabs(TABS, request.GET),
            "poll_url": request.get_full_path(),
        }
        if self.wants_fragment:
            return self.polled("dashboard/orders/_table.html", data)
        return self.show("dashboard/orders/list.html", data, polled="dashboard/orders/_table.html")


class OrderDetail(Page):
    """One order."""

    needs = "orders:read"
    needs_to_write = "orders:write"
    place = "orders"

    def get(self, request: HttpRequest, order: str) -> HttpResponse:
        """The page."""
        row = self._order(order)
        attempts = payments_of_order(row).select_related("payment_method", "order", "customer").order_by("-id")
        data = {
            "order": order_page(row),
            "rows": [payment_row(payment) for payment in attempts[:50]],
            "raw": raw_json(order_object(row)),
            "may_cancel": self.seat.may("orders:write"),
        }
        return self.show("dashboard/orders/detail.html", data)

    def _order(self, public_id: str) -> Order:
        rows = list_orders(self.tenant).select_related("customer")
        order = rows.filter(id=from_public(Order.ID_PREFIX, public_id)).first()
        if order is None:
            raise NotFound("There is no such order in this mode.")
        return order


class OrderCancel(OrderDetail):
    """Stop waiting for the money."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, order: str) -> HttpResponse:
        """Cancel it."""
        row = self._order(order)
        return self.act(
            lambda: cancel_order(tenant=self.tenant, order_id=row.id, now=clock.now()),
            done="The order was canceled. Its checkout link no longer takes money.",
            to=reverse("dashboard:order", args=[row.public_id]),
        )
