"""Home as plain data: the figures, the chart, what needs attention, the first steps, the balance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from dashboard.presenters.anomalies import explanation_of
from dashboard.rules.chart import bars, nice_top
from dashboard.selectors.attention import Attention
from dashboard.selectors.first_steps import FirstSteps
from dashboard.selectors.seats import Seat
from dashboard.selectors.volume import Day, Rate
from gateway.core.display import money_text
from gateway.core.ids import to_public
from gateway.ledger.states import AccountType
from gateway.work.selectors import QueueStatus
from payments.rules.checkout_links import checkout_url
from payments.states import PAYABLE

_WIDTH, _HEIGHT, _GAP = 700, 140, 12
_BALANCES = (
    (AccountType.MERCHANT_PENDING, "Pending", "Captured, not released yet"),
    (AccountType.MERCHANT_AVAILABLE, "Available", "Can be paid out"),
    (AccountType.REFUNDS_IN_TRANSIT, "Refunds on their way", "Taken from you, not yet with the customer"),
    (AccountType.MERCHANT_RECEIVABLE, "Owed by you", "Refunded beyond your balance"),
    (AccountType.MERCHANT_RESERVE, "Held for disputes", "Until the bank has decided"),
)


def figures(volume: Mapping[str, Sequence[Day]], currency: str, rate: Rate, waiting: int) -> dict[str, Any]:
    """The headline figures, in one currency; other currencies are named beside them."""
    days = volume.get(currency, ())
    return {
        "currency": currency,
        "spans": [
            _span(_("Today"), days[-1:], volume, currency, 1),
            _span(_("Last 7 days"), days[-7:], volume, currency, 7),
            _span(_("Last 14 days"), days, volume, currency, 14),
        ],
        "rate": f"{100 * rate.won / rate.decided:.1f}\N{NO-BREAK SPACE}%" if rate.decided else "",
        "rate_note": ngettext("%(n)s payment decided in 7 days", "%(n)s payments decided in 7 days", rate.decided)
        % {"n": rate.decided},
        "waiting": waiting,
    }


def chart(days: Sequence[Day], currency: str) -> dict[str, Any] | None:
    """The last days as bars, each with its words; None when nothing was taken."""
    if not any(day.amount for day in days):
        return None
    top = nice_top(max(day.amount for day in days))
    drawn = bars([day.amount for day in days], width=_WIDTH, height=_HEIGHT, gap=_GAP, top=top)
    return {
        "width": _WIDTH,
        "height": _HEIGHT,
        "top": _money(top, currency),
        "half": _money(top // 2, currency),
        "half_y": _HEIGHT // 2,
        "bars": [
            {
                "shape": bar,
                "middle": bar.slot_x + bar.slot_width // 2,
                "label": date_format(day.date, "j M"),
                "is_marked": index % 2 == 1,
                "is_today": index == len(days) - 1,
                "words": f"{date_format(day.date, 'j M')}: {_money(day.amount, currency)}, {_payments(day.count)}",
                "amount": day.amount,
                "count": day.count,
            }
            for index, (bar, day) in enumerate(zip(drawn, days, strict=True))
        ],
        "currency": currency,
        "words": _("Captured per day in the last 14 days, in %(currency)s") % {"currency": currency},
    }


def attention_items(attention: Attention, seat: Seat) -> list[dict[str, str]]:
    """Each with a shape, words, what to do, and where."""
    payments = reverse("dashboard:payments")
    items = [
        _item(
            attention.in_review,
            "circle-question-mark",
            ngettext("%(n)s payment in review", "%(n)s payments in review", attention.in_review),
            _("Decide whether to take them."),
            f"{payments}?status=requires_review",
        ),
        _item(
            attention.to_capture,
            "circle-pause",
            ngettext("%(n)s payment to capture", "%(n)s payments to capture", attention.to_capture),
            _("Authorized, not taken. Banks give the money back after about a week."),
            f"{payments}?status=requires_capture",
        ),
        _item(
            attention.failed_deliveries,
            "webhook",
            ngettext("%(n)s webhook not delivered", "%(n)s webhooks not delivered", attention.failed_deliveries),
            _("Every attempt failed. Mend the receiver, then send them again."),
            f"{reverse('dashboard:deliveries')}?status=failed",
        ),
    ]
    items += [
        {
            "icon": "triangle-alert",
            "title": _("An endpoint is failing") if endpoint.status == "enabled" else _("An endpoint was switched off"),
            "text": endpoint.url,
            "url": reverse("dashboard:endpoint", args=[endpoint.public_id]),
        }
        for endpoint in attention.failing_endpoints
    ]
    items += [
        {
            "icon": "scale",
            "title": _(explanation_of(anomaly.kind).title),
            "text": anomaly.detail,
            "url": reverse("dashboard:anomaly", args=[anomaly.public_id]),
        }
        for anomaly in attention.anomalies
    ]
    items += [
        {
            "icon": "octagon-pause",
            "title": _("Work is stuck: %(kind)s") % {"kind": work.kind},
            "text": _("It failed again and again and waits for the people who run this gateway."),
            "url": reverse("admin:work_work_change", args=[work.id]) if seat.person.is_staff else "",
        }
        for work in attention.stuck_work
    ]
    return [item for item in items if item]


def steps(found: FirstSteps, seat: Seat) -> dict[str, Any]:
    """The first try, step by step; each says whether it is done and what it needs."""
    order = found.order
    is_open = order is not None and order.status in PAYABLE
    payment_url = (
        reverse("dashboard:payment", args=[to_public("pay", order.latest_payment_id)])
        if order is not None and order.latest_payment_id
        else ""
    )
    listed = [
        {
            "title": _("Look at your test key"),
            "text": found.key_id or _("Your server signs in with a key. Create one; its secret is shown once."),
            "is_code": bool(found.key_id),
            "done": found.key_was_used,
            "url": reverse("dashboard:api-keys"),
            "action": _("API keys"),
        },
        {
            "title": _("Pay a test order"),
            "text": _("Card 4242 4242 4242 4242, any future date, any three digits. No money moves."),
            "done": found.is_paid,
            "url": checkout_url(order) if order is not None and is_open else "",
            "outside": True,
            "action": _("Open checkout"),
            "post_url": reverse("dashboard:first-order") if not is_open and seat.may("orders:write") else "",
        },
        {
            "title": _("See its webhook arrive"),
            "text": _("order.paid is sent to your endpoint, signed.")
            if found.has_endpoint
            else _("Add an endpoint first: events go there, signed."),
            "done": found.delivery is not None and found.delivery.status == "delivered",
            "url": reverse("dashboard:delivery", args=[found.delivery.public_id])
            if found.delivery
            else reverse("dashboard:deliveries" if found.has_endpoint else "dashboard:endpoints"),
            "action": _("Look at it") if found.delivery else _("Deliveries") if found.has_endpoint else _("Webhooks"),
        },
        {
            "title": _("Refund it"),
            "text": _("All of it or a part: the payment's page has the button."),
            "done": found.is_refunded,
            "url": payment_url if found.is_paid else "",
            "action": _("Open the payment"),
        },
    ]
    done = sum(bool(step["done"]) for step in listed)
    return {"steps": listed, "done": done, "total": len(listed), "is_complete": done == len(listed)}


def balance(balances: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    """Per currency: what belongs to the merchant and where it is; figures of nothing are left out."""
    return [
        {
            "currency": currency,
            "lines": [
                {"label": _(label), "note": _(note), "amount": accounts.get(account, 0)}
                for account, label, note in _BALANCES
                if accounts.get(account) or account in (AccountType.MERCHANT_PENDING, AccountType.MERCHANT_AVAILABLE)
            ],
        }
        for currency, accounts in balances.items()
        if any(accounts.get(account) for account, _label, _note in _BALANCES)
    ]


def queues(rows: Sequence[QueueStatus]) -> dict[str, Any]:
    """The state of the work in a word, and the queues that are busy."""
    busy = [row for row in rows if row["due"] or row["running"] or row["retrying"] or row["quarantined"]]
    workers = max((row["workers_alive"] for row in rows), default=0)
    return {"busy": busy, "workers": workers, "is_idle": not busy}


def _span(
    name: str, days: Sequence[Day], volume: Mapping[str, Sequence[Day]], currency: str, length: int
) -> dict[str, Any]:
    others = [
        _money(sum(day.amount for day in rows[-length:]), other)
        for other, rows in sorted(volume.items())
        if other != currency and any(day.amount for day in rows[-length:])
    ]
    return {
        "name": name,
        "amount": sum(day.amount for day in days),
        "note": _payments(sum(day.count for day in days)),
        "others": others,
    }


def _item(count: int, icon: str, words: str, text: str, url: str) -> dict[str, str]:
    return {"icon": icon, "title": words % {"n": count}, "text": text, "url": url} if count else {}


def _payments(count: int) -> str:
    return ngettext("%(n)s payment", "%(n)s payments", count) % {"n": count}


def _money(amount: int, currency: str) -> str:
    return money_text(amount, currency, get_language() or "en")
