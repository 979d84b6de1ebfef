"""Endpoints, deliveries and attempts as plain data for templates."""

from __future__ import annotations

import json
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from gateway.core.ids import to_public
from webhooks import states
from webhooks.models import Delivery, DeliveryAttempt, Endpoint
from webhooks.selectors.representations import health_object

TABS: tuple[tuple[str, str], ...] = (
    ("All", ""),
    ("Delivered", "delivered"),
    ("Under way", "pending,delivering"),
    ("Failed", "failed"),
    ("Discarded", "discarded"),
)
# state of health -> (tone, icon, words)
_HEALTH: dict[str, tuple[str, str, str]] = {
    "healthy": ("success", "circle-check", "Healthy"),
    "untested": ("neutral", "circle-dashed", "Nothing sent yet"),
    "degraded": ("attention", "triangle-alert", "Last attempt failed"),
    "failing": ("danger", "circle-x", "Failing"),
    "paused": ("neutral", "circle-pause", "Paused"),
    "disabled": ("neutral", "circle-slash", "Disabled"),
}


def endpoint_row(endpoint: Endpoint) -> dict[str, Any]:
    """A line of the list. The endpoint comes with its health."""
    facts = health_object(endpoint)
    tone, icon, words = _HEALTH.get(facts["state"], ("neutral", "circle", facts["state"]))
    return {
        "id": endpoint.public_id,
        "page_url": reverse("dashboard:endpoint", args=[endpoint.public_id]),
        "url": endpoint.url,
        "description": endpoint.description,
        "events": endpoint.enabled_events,
        "status": endpoint.status,
        "health": {"state": facts["state"], "tone": tone, "icon": icon, "words": _(words)},
        "last_success_at": _moment(facts["last_success_at"]),
        "last_attempt_at": _moment(facts["last_attempt_at"]),
        "last_response_status": facts["last_response_status"],
        "failing_since": _moment(facts["failing_since"]),
        "will_be_disabled_at": _moment(facts["will_be_disabled_at"]),
        "consecutive_failures": facts["consecutive_failures"],
    }


def endpoint_page(endpoint: Endpoint) -> dict[str, Any]:
    """The detail page, with what can be done now."""
    is_enabled = endpoint.status == states.ENABLED
    return {
        **endpoint_row(endpoint),
        "is_enabled": is_enabled,
        "disabled_reason": endpoint.disabled_reason.replace("_", " "),
        "created_at": endpoint.created_at,
        **{
            f"{verb}_url": reverse(f"dashboard:endpoint-{verb}", args=[endpoint.public_id])
            for verb in ("edit", "rotate", "test", "status", "delete")
        },
    }


def delivery_row(delivery: Delivery) -> dict[str, Any]:
    """A line of the list. The delivery comes with its endpoint."""
    is_unfinished, next_at = delivery.status in states.UNFINISHED, delivery.next_attempt_at
    return {
        "id": delivery.public_id,
        "url": reverse("dashboard:delivery", args=[delivery.public_id]),
        "event_type": delivery.event_type,
        "event": to_public("evt", delivery.event_id),
        "host": urlsplit(delivery.endpoint.url).netloc,
        "sequence": delivery.sequence,
        "status": delivery.status,
        "response_status": delivery.response_status,
        "error": delivery.last_error,
        "attempts": delivery.attempts,
        "next_attempt_at": next_at if is_unfinished and next_at and next_at > timezone.now() else None,
        "created_at": delivery.created_at,
    }


def delivery_page(delivery: Delivery, attempts: list[DeliveryAttempt]) -> dict[str, Any]:
    """The detail page: every attempt, newest first."""
    can_resend = delivery.endpoint.status == states.ENABLED and delivery.status != states.DELIVERING
    return {
        **delivery_row(delivery),
        "endpoint_url": delivery.endpoint.url,
        "endpoint_page_url": reverse("dashboard:endpoint", args=[delivery.endpoint.public_id])
        if delivery.endpoint.status != states.DELETED
        else "",
        "event_url": reverse("dashboard:event", args=[to_public("evt", delivery.event_id)]),
        "delivered_at": delivery.delivered_at,
        "resend_url": reverse("dashboard:delivery-resend", args=[delivery.public_id]),
        "can_resend": can_resend,
        "tries": [_attempt(attempt) for attempt in reversed(attempts)],
    }


def _attempt(attempt: DeliveryAttempt) -> dict[str, Any]:
    answered = attempt.response_status
    is_success = answered is not None and 200 <= answered < 300
    return {
        "number": attempt.number,
        "started_at": attempt.started_at,
        "elapsed_ms": attempt.elapsed_ms,
        "tone": "success" if is_success else "danger",
        "icon": "circle-check" if is_success else "circle-x",
        "title": _answer_words(answered) if answered else (attempt.error or attempt.error_code or _("No answer")),
        "url": attempt.url,
        "request_headers": _headers(attempt.request_headers),
        "response_headers": _headers(attempt.response_headers),
        "response_body": attempt.response_body,
        "has_answer": answered is not None,
    }


def pretty_body(body: bytes) -> str:
    """A JSON body indented for reading; any other as it is."""
    text = body.decode(errors="replace")
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text


def _answer_words(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _headers(headers: dict[str, Any]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in headers.items())


def _moment(text: str | None) -> datetime | None:
    return parse_datetime(text) if text else None
