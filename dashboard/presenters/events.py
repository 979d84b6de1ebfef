"""Events as plain data for templates."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from gateway.core.ids import to_public
from gateway.events.models import Event

# subject -> (prefix of its id, name of its page)
_SUBJECTS = {
    "payment": ("pay", "payment"),
    "order": ("ord", "order"),
    "webhook_endpoint": ("we", "endpoint"),
    "anomaly": ("anm", "anomaly"),
}
_PREFIXES = {"refund": "rfd", "customer": "cus", "payment_method": "pm"}


def event_row(event: Event) -> dict[str, Any]:
    """A line of the list."""
    prefix, page = _SUBJECTS.get(event.subject_type, (_PREFIXES.get(event.subject_type, ""), ""))
    subject = to_public(prefix, event.subject_id) if prefix else str(event.subject_id)
    return {
        "id": event.public_id,
        "url": reverse("dashboard:event", args=[event.public_id]),
        "type": event.type,
        "status": event.status,
        "amount": event.amount,
        "currency": event.currency,
        "subject": subject,
        "subject_url": reverse(f"dashboard:{page}", args=[subject]) if page else "",
        "timestamp": event.timestamp,
    }


def event_page(event: Event) -> dict[str, Any]:
    """The detail page."""
    return {**event_row(event), "api_version": event.api_version, "request_id": event.request_id}
