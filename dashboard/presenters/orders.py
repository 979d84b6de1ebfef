"""Orders as plain data for templates."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from payments.models import Order
from payments.rules.checkout_links import checkout_url
from payments.states import PAYABLE

TABS: tuple[tuple[str, str], ...] = (
    ("All", ""),
    ("Open", "created,attempted,partially_paid"),
    ("Paid", "paid"),
    ("Expired", "expired"),
    ("Canceled", "canceled"),
)


def order_row(order: Order) -> dict[str, Any]:
    """A line of the list. The order comes with its customer."""
    return {
        "id": order.public_id,
        "url": reverse("dashboard:order", args=[order.public_id]),
        "amount": order.amount,
        "currency": order.currency,
        "status": str(order.status),
        "reference": order.reference,
        "description": order.description,
        "customer": (order.customer.email or order.customer.name) if order.customer else "",
        "created_at": order.created_at,
    }


def order_page(order: Order) -> dict[str, Any]:
    """The detail page's head and facts."""
    is_payable = order.status in PAYABLE
    facts = [
        (_("Order"), order.public_id, "id"),
        (_("Reference"), order.reference, ""),
        (_("Customer"), order.customer.public_id if order.customer else "", "id"),
        (_("Description"), order.description, ""),
    ]
    return {
        **order_row(order),
        "is_payable": is_payable,
        "can_cancel": is_payable and order.live_payment_id is None,
        "cancel_url": reverse("dashboard:order-cancel", args=[order.public_id]),
        "checkout_url": checkout_url(order) if is_payable else "",
        "expires_at": order.expires_at,
        "amounts": [
            {"label": _("Amount"), "amount": order.amount},
            {"label": _("Paid"), "amount": order.amount_paid},
            {"label": _("Refunded"), "amount": -order.amount_refunded},
        ],
        "due": order.amount_due if is_payable else 0,
        "line_items": [_item(item) for item in order.line_items],
        "facts": [{"label": label, "text": text, "kind": kind} for label, text, kind in facts if text],
        "metadata": order.metadata,
    }


def _item(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": item.get("name") or item.get("description") or "",
        "quantity": item.get("quantity", 1),
        "amount": item.get("amount"),
    }
