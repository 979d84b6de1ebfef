"""Keep an endpoint's health after an attempt."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from gateway.core import clock
from webhooks.models import EndpointHealth
from webhooks.rules import schedule
from webhooks.rules.answers import Verdict
from webhooks.services.disable_endpoint import announce
from webhooks.services.record_attempt import Exchange


def note_health(*, endpoint_id: UUID, exchange: Exchange, verdict: Verdict) -> None:
    """Count successes and failures, open or close the breaker, and warn the owner a day before the endpoint is
    disabled.

    The caller owns the transaction and holds the delivery's row.
    """
    at = timezone.now()
    health = (
        EndpointHealth.objects.select_for_update(of=("self",)).select_related("endpoint").get(endpoint_id=endpoint_id)
    )
    health.last_attempt_at = at
    health.last_response_status = exchange.status
    health.last_elapsed_ms = exchange.elapsed_ms
    if verdict is Verdict.SUCCESS:
        health.consecutive_failures = 0
        health.failing_since = health.warned_at = health.slowed_until = None
        health.last_success_at = at
        health.save()
        return
    health.consecutive_failures += 1
    health.failing_since = health.failing_since or at
    pause = schedule.cooldown(health.consecutive_failures)
    if verdict is Verdict.SLOW_DOWN:
        asked = exchange.retry_after(at) or timedelta()
        pause = max(pause, schedule.SLOW_DOWN, min(asked, schedule.RETRY_AFTER_CAP))
    if pause:
        until = at + pause / settings.WEBHOOK_TIME_SCALE
        health.slowed_until = max(until, health.slowed_until or until)
    if health.warned_at is None and health.failing_since <= at - schedule.WARN_AFTER:
        health.warned_at = at
        health.endpoint.health = health
        announce(health.endpoint, event_type="webhook_endpoint.failing", now=clock.now())
    health.save()
