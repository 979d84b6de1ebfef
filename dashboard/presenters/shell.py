"""What surrounds every page: the merchant, the mode, the way around."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from dashboard.selectors.seats import Seat

# title of the group -> (name of the URL, words, icon, permission). Pages of later releases are not listed until they exist.
_NAVIGATION: tuple[tuple[str, tuple[tuple[str, str, str, str], ...]], ...] = (
    (
        "",
        (
            ("home", "Home", "house", ""),
            ("payments", "Payments", "credit-card", "payments:read"),
            ("orders", "Orders", "receipt-text", "orders:read"),
            ("refunds", "Refunds", "undo-2", "refunds:read"),
            ("settlements", "Reconciliation", "scale", "anomalies:read"),
        ),
    ),
    (
        "Developers",
        (
            ("endpoints", "Webhooks", "webhook", "webhooks:read"),
            ("deliveries", "Deliveries", "send", "webhooks:read"),
            ("events", "Events", "activity", "events:read"),
            ("api-keys", "API keys", "key-round", "keys:read"),
        ),
    ),
)


def shell(seat: Seat, place: str) -> dict[str, Any]:
    """The context of `dashboard/base.html`. `place` is the name of the present page's entry in the navigation."""
    return {
        "merchant_name": seat.merchant.name,
        "merchant_home_url": reverse("dashboard:home"),
        "other_merchants": [{"id": one.public_id, "name": one.name} for one in seat.others],
        "test_mode": not seat.livemode,
        "navigation": [_group(title, links, seat, place) for title, links in _NAVIGATION],
        "user_name": seat.person.name or seat.person.email,
        "user_role": seat.role.label,
        "is_staff": seat.person.is_staff,
        "sign_out_url": reverse("dashboard:sign-out"),
        "mode_url": reverse("dashboard:mode"),
        "merchant_url": reverse("dashboard:merchant"),
    }


def _group(title: str, links: tuple[tuple[str, str, str, str], ...], seat: Seat, place: str) -> dict[str, Any]:
    return {
        "title": _(title) if title else "",
        "links": [
            {
                "label": _(label),
                "url": reverse(f"dashboard:{name}"),
                "icon": icon,
                "current": name == place,
            }
            for name, label, icon, permission in links
            if seat.may(permission)
        ],
    }
