"""How endpoints, deliveries and attempts look in the API, in events and in stored answers."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from gateway.core.ids import to_public
from gateway.core.times import rfc3339
from webhooks import states
from webhooks.models import Delivery, DeliveryAttempt, Endpoint, EndpointHealth
from webhooks.rules.schedule import BREAKER_THRESHOLD, disable_at

Json = dict[str, Any]


def endpoint_object(endpoint: Endpoint, *, secret: str | None = None) -> Json:
    """A webhook endpoint; with its secret only in the one answer that shows it."""
    shown: Json = {
        "id": endpoint.public_id,
        "object": "webhook_endpoint",
        "livemode": endpoint.livemode,
        "created_at": rfc3339(endpoint.created_at),
        "metadata": endpoint.metadata,
        "version": endpoint.version,
        "url": endpoint.url,
        "description": endpoint.description,
        "enabled_events": endpoint.enabled_events,
        "status": endpoint.status,
        "disabled_reason": endpoint.disabled_reason or None,
        "health": health_object(endpoint),
    }
    return shown if secret is None else {**shown, "secret": secret}


def health_object(endpoint: Endpoint) -> Json:
    """How the endpoint has been answering: a word, and the facts behind it."""
    health = getattr(endpoint, "health", None) or EndpointHealth(endpoint=endpoint)
    state = "healthy"
    if endpoint.status != states.ENABLED:
        state = endpoint.status
    elif health.last_attempt_at is None:
        state = "untested"
    elif health.consecutive_failures:
        state = "failing" if health.consecutive_failures >= BREAKER_THRESHOLD else "degraded"
    now = timezone.now()
    slowed = health.slowed_until is not None and health.slowed_until > now
    return {
        "state": state,
        "slowed_until": rfc3339(health.slowed_until) if slowed else None,
        "consecutive_failures": health.consecutive_failures,
        "failing_since": rfc3339(health.failing_since),
        "will_be_disabled_at": rfc3339(
            disable_at(failing_since=health.failing_since, warned_at=health.warned_at, now=now)
        )
        if health.failing_since
        else None,
        "last_attempt_at": rfc3339(health.last_attempt_at),
        "last_success_at": rfc3339(health.last_success_at),
        "last_response_status": health.last_response_status,
    }


def delivery_object(delivery: Delivery) -> Json:
    """A delivery without its attempts."""
    return {
        "id": delivery.public_id,
        "object": "delivery",
        "livemode": delivery.livemode,
        "created_at": rfc3339(delivery.created_at),
        "metadata": {},
        "version": delivery.version,
        "event": to_public("evt", delivery.event_id),
        "event_type": delivery.event_type,
        "endpoint": to_public(Endpoint.ID_PREFIX, delivery.endpoint_id),
        "sequence": delivery.sequence,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "next_attempt_at": rfc3339(delivery.next_attempt_at) if delivery.status in states.UNFINISHED else None,
        "response_status": delivery.response_status,
        "last_error": delivery.last_error or None,
        "delivered_at": rfc3339(delivery.delivered_at),
    }


def attempt_object(attempt: DeliveryAttempt) -> Json:
    """One attempt, with what was sent in the headers and what came back."""
    return {
        "id": attempt.public_id,
        "object": "delivery_attempt",
        "number": attempt.number,
        "started_at": rfc3339(attempt.started_at),
        "elapsed_ms": attempt.elapsed_ms,
        "url": attempt.url,
        "request_headers": attempt.request_headers,
        "response_status": attempt.response_status,
        "response_headers": attempt.response_headers,
        "response_body": attempt.response_body,
        "error_code": attempt.error_code or None,
        "error": attempt.error or None,
    }
