"""Home: how it goes, what needs attention, what to do first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from dashboard.presenters import home as shown
from dashboard.presenters.payments import payment_row
from dashboard.selectors.attention import what_needs_attention
from dashboard.selectors.first_steps import TRIAL_REFERENCE, first_steps_of
from dashboard.selectors.volume import Day, daily_volume, success_rate
from dashboard.views.page import Page, see_other
from gateway.core import clock
from gateway.ledger.selectors.balances import merchant_balances
from gateway.work.selectors import queue_status
from payments.rules.checkout_links import checkout_url
from payments.selectors.orders import list_orders
from payments.selectors.payments import list_payments
from payments.services.create_order import create_order
from payments.states import PAYABLE

_LATEST = 6
_TRIAL_AMOUNT = 4900


class Home(Page):
    """The first page after signing in."""

    place = "home"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        now = clock.now()
        volume = daily_volume(self.tenant, now=now)
        currency = _chosen(volume, request.GET.get("currency", ""), self.seat.merchant.default_currency)
        attention = shown.attention_items(what_needs_attention(self.tenant), self.seat)
        latest = list_payments(self.tenant).select_related("payment_method", "order", "customer").order_by("-id")
        data = {
            "figures": shown.figures(volume, currency, success_rate(self.tenant, now=now), len(attention)),
            "chart": shown.chart(volume.get(currency, ()), currency),
            "currencies": sorted(volume) if len(volume) > 1 else [],
            "currency": currency,
            "attention": attention,
            "first_steps": None if self.seat.livemode else shown.steps(first_steps_of(self.tenant), self.seat),
            "balances": shown.balance(merchant_balances(self.tenant)),
            "queues": shown.queues(queue_status(self.tenant)),
            "latest": [payment_row(payment) for payment in latest[:_LATEST]],
            "today": now,
            "docs_url": reverse("api-docs"),
            "base_url": settings.PUBLIC_URL,
        }
        return self.show("dashboard/home.html", data)


class FirstOrder(Page):
    """The order of the first try."""

    needs_to_write = "orders:write"
    http_method_names = ("post",)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make it, unless one is waiting already, and go to its checkout."""
        if self.seat.livemode:
            return see_other(reverse("dashboard:home"))
        waiting = list_orders(self.tenant).filter(reference=TRIAL_REFERENCE, status__in=PAYABLE)
        order = waiting.order_by("-id").first() or create_order(
            tenant=self.tenant,
            amount=_TRIAL_AMOUNT,
            currency=self.seat.merchant.default_currency,
            reference=TRIAL_REFERENCE,
            description="A first try",
            line_items=[{"name": "A first try", "quantity": 1, "amount": _TRIAL_AMOUNT}],
            now=clock.now(),
        )
        return see_other(checkout_url(order))


def _chosen(volume: Mapping[str, Sequence[Day]], asked: str, usual: str) -> str:
    """The currency of the figures: the one asked for, the merchant's own, or the one that is used most."""
    if asked in volume:
        return asked
    if usual in volume or not volume:
        return usual
    return max(volume, key=lambda code: sum(day.count for day in volume[code]))
