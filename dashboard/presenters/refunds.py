"""Refunds as plain data for templates."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from gateway.core.ids import to_public
from refunds.models import Refund

TABS: tuple[tuple[str, str], ...] = (
    ("All", ""),
    ("Succeeded", "succeeded"),
    ("Under way", "pending,processing"),
    ("Failed", "failed"),
    ("Canceled", "canceled"),
)
_REASONS = {
    "requested_by_customer": "Asked for by the customer",
    "duplicate": "Duplicate",
    "fraudulent": "Fraudulent",
    "order_closed": "Order was closed",
    "other": "Other",
}


def reason_text(reason: str) -> str:
    """A reason in words."""
    return _(_REASONS[reason]) if reason in _REASONS else reason.replace("_", " ")


def refund_row(refund: Refund) -> dict[str, Any]:
    """A line of a list, of all refunds or of one payment's."""
    payment_id = to_public("pay", refund.payment_id)
    failure = refund.failure or {}
    return {
        "id": refund.public_id,
        "amount": refund.amount,
        "currency": refund.currency,
        "status": str(refund.status),
        "reason": reason_text(refund.reason) if refund.reason else "",
        "failure": failure.get("message") or failure.get("code") or "",
        "external": refund.external,
        "fee_returned": refund.fee_returned,
        "payment": payment_id,
        "url": reverse("dashboard:payment", args=[payment_id]),
        "created_at": refund.created_at,
        "cancel_url": reverse("dashboard:refund-cancel", args=[refund.public_id])
        if refund.status == "pending" and not refund.sends
        else "",
    }
