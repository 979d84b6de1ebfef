"""Send one delivery to its endpoint: open, ask, settle."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Literal
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from gateway.core import clock, crashpoints, http, metrics
from gateway.events.models import Event
from gateway.events.selectors.events import event_body
from gateway.work.rules import Done, Later, Result, Retry
from gateway.work.selectors import due_by
from gateway.work.services.claim import Claim
from webhooks import states
from webhooks.models import Delivery, Endpoint, EndpointHealth
from webhooks.rules import schedule
from webhooks.rules.answers import Verdict, verdict_of
from webhooks.rules.signatures import signature_headers
from webhooks.selectors.deliveries import delivery_for_update, due_count, endpoint_holds_up, in_flight
from webhooks.selectors.endpoints import live_secrets
from webhooks.services.disable_endpoint import disable_endpoint
from webhooks.services.note_health import note_health
from webhooks.services.record_attempt import Exchange, record_attempt
from webhooks.services.take_place import take_place

EXCHANGE_TIMEOUT_S = 15.0
MAX_RESPONSE_BYTES = 64 * 1024
_NEEDED_LEASE_S = EXCHANGE_TIMEOUT_S + 5
_USER_AGENT = "payment-gateway-webhooks/1 (+standard-webhooks)"
_MAX_TURN_WAIT_S = 5.0
_PLACE_WAIT = timedelta(seconds=0.2)
_MAX_SPREAD_S = 120.0
_random = SystemRandom()


@dataclass(frozen=True)
class _Opened:
    """What one attempt needs, read before the exchange."""

    delivery_id: UUID
    number: int
    endpoint: Endpoint
    event: Event
    secrets: list[str]


def deliver(*, claim: Claim) -> Result:
    """Carry one delivery a step further; tells when to come back. Never raises for what a receiver does."""
    if not claim.has_time(_NEEDED_LEASE_S):
        return Retry("the lease is too short for an exchange", counts=False)
    with take_place(holds_up=endpoint_holds_up(claim.subject_id)) as taken:
        if not taken:
            at = timezone.now()
            waiting = due_by("webhooks", at + timedelta(seconds=_MAX_TURN_WAIT_S))
            return Later(at + _PLACE_WAIT + _turn_wait(waiting), "every place is taken", retrying=claim.attempts > 1)
        return _deliver(claim.subject_id)


def _deliver(delivery_id: UUID) -> Result:
    opened = _open(delivery_id)
    if not isinstance(opened, _Opened):
        return opened
    crashpoints.reach("delivery_before_send")
    exchange = _ask(opened)
    crashpoints.reach("delivery_after_answer")
    result = _settle(opened, exchange)
    crashpoints.reach("delivery_after_settle")
    verdict = verdict_of(exchange.status)
    metrics.DELIVERIES.labels(outcome=verdict.value).inc()
    # A transaction of its own: disabling locks the endpoint before its deliveries, and we hold neither any more.
    return Done() if _disabled(opened.endpoint, verdict) else result


def _open(delivery_id: UUID) -> _Opened | Result:
    with transaction.atomic():
        delivery = delivery_for_update(delivery_id)
        if delivery is None or delivery.status not in states.UNFINISHED:
            return Done()
        at = timezone.now()
        if delivery.status == states.DELIVERING:
            # We own the work row, so whoever opened this attempt died or was paused past its lease.
            record_attempt(delivery=delivery, exchange=Exchange.interrupted(delivery))
            _move(delivery, states.PENDING, next_attempt_at=delivery.next_attempt_at)
        if delivery.endpoint.status != states.ENABLED:
            _move(delivery, states.DISCARDED)
            return Done()
        if delivery.next_attempt_at is not None and delivery.next_attempt_at > at:
            return Later(delivery.next_attempt_at, "scheduled", retrying=delivery.round_attempts > 0)
        turn = _turn(delivery.endpoint_id, at)
        if turn is not None:
            return Later(turn, "the endpoint is spared", retrying=delivery.round_attempts > 0)
        event = Event.objects.for_merchant(delivery.tenant).filter(id=delivery.event_id).first()
        secrets = live_secrets(delivery.endpoint_id, at=at)
        if event is None or not secrets:
            delivery.last_error = (
                "the event is past its retention" if event is None else "the endpoint has no live secret"
            )
            _move(delivery, states.DISCARDED)
            return Done()
        delivery.attempts += 1
        delivery.round_attempts += 1
        _move(delivery, states.DELIVERING, next_attempt_at=delivery.next_attempt_at)
        crashpoints.reach("delivery_before_open_commit")
        return _Opened(delivery.id, delivery.attempts, delivery.endpoint, event, secrets)


def _turn(endpoint_id: UUID, at: datetime) -> datetime | None:
    """When to come back instead of calling now; None when it is this delivery's turn. Holds the health row until the
    commit, so that two workers do not both take the last place."""
    EndpointHealth.objects.get_or_create(endpoint_id=endpoint_id)
    health = EndpointHealth.objects.select_for_update().get(endpoint_id=endpoint_id)
    waiting = due_count(endpoint_id, at=at)
    scale = settings.WEBHOOK_TIME_SCALE
    if health.slowed_until is not None and health.slowed_until > at:
        return health.slowed_until + timedelta(seconds=_random.uniform(0, min(waiting, _MAX_SPREAD_S)) / scale)
    limit = settings.WEBHOOK_ENDPOINT_CONCURRENCY
    if health.consecutive_failures >= schedule.BREAKER_THRESHOLD:
        limit = 1
    if in_flight(endpoint_id, at=at) < limit:
        return None
    return at + _turn_wait(waiting)


def _turn_wait(waiting: int) -> timedelta:
    """How long one of so many stands back, so that they do not all come again at once."""
    return timedelta(seconds=min(0.05 + _random.uniform(0, 0.02 * waiting), _MAX_TURN_WAIT_S))


def _ask(opened: _Opened) -> Exchange:
    started_at, started = timezone.now(), time.monotonic()
    body = event_body(opened.event)
    headers = {
        "content-type": "application/json",
        "user-agent": _USER_AGENT,
        **signature_headers(opened.secrets, opened.event.public_id, int(started_at.timestamp()), body),
    }
    sent = Exchange(number=opened.number, started_at=started_at, url=opened.endpoint.url, request_headers=headers)
    try:
        response = http.request(
            "POST",
            opened.endpoint.url,
            policy="untrusted",
            headers=headers,
            body=body,
            timeout_s=EXCHANGE_TIMEOUT_S,
            max_body=MAX_RESPONSE_BYTES,
            livemode=opened.endpoint.livemode,
        )
    except http.NotSent as refusal:
        return sent.failed(code=refusal.code, reason=refusal.reason, elapsed_ms=_elapsed_ms(started))
    except http.NoAnswer as silence:
        return sent.failed(code="no_answer", reason=silence.reason, elapsed_ms=_elapsed_ms(started))
    return sent.answered(response)


def _elapsed_ms(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


def _settle(opened: _Opened, exchange: Exchange) -> Result:
    verdict = verdict_of(exchange.status)
    with transaction.atomic():
        delivery = delivery_for_update(opened.delivery_id)
        if delivery is None:
            return Done()
        record_attempt(delivery=delivery, exchange=exchange)
        note_health(endpoint_id=delivery.endpoint_id, exchange=exchange, verdict=verdict)
        mine = delivery.attempts == opened.number
        if delivery.status not in states.UNFINISHED or not (mine or verdict is Verdict.SUCCESS):
            return Done()
        if delivery.status == states.PENDING:  # another worker called ours interrupted; the receiver says otherwise
            _move(delivery, states.DELIVERING, next_attempt_at=delivery.next_attempt_at)
        delivery.response_status = exchange.status
        delivery.last_error = exchange.error[:500]
        if verdict is Verdict.SUCCESS:
            delivery.delivered_at = timezone.now()
            _move(delivery, states.DELIVERED)
            crashpoints.reach("delivery_before_settle_commit")
            return Done()
        wait = schedule.wait_after(
            delivery.round_attempts, jitter=_random.uniform(-1, 1), retry_after=exchange.retry_after(timezone.now())
        )
        if wait is None:
            _move(delivery, states.FAILED)
            return Done()
        next_attempt_at = timezone.now() + wait / settings.WEBHOOK_TIME_SCALE
        _move(delivery, states.PENDING, next_attempt_at=next_attempt_at)
        return Later(next_attempt_at, "the attempt failed", retrying=True)


def _move(delivery: Delivery, status: str, *, next_attempt_at: datetime | None = None) -> None:
    states.DELIVERY.require(delivery.status, status)
    delivery.status = status
    delivery.next_attempt_at = next_attempt_at
    delivery.in_flight_since = timezone.now() if status == states.DELIVERING else None
    delivery.version += 1
    delivery.save()


def _disabled(endpoint: Endpoint, verdict: Verdict) -> bool:
    """Disable the endpoint where its answers ask for that; whether they did (its deliveries are discarded then)."""
    if verdict is Verdict.SUCCESS:
        return False
    if verdict is Verdict.GONE:
        return _disable(endpoint, "gone")
    health = EndpointHealth.objects.get(endpoint_id=endpoint.id)
    at = timezone.now()
    if health.failing_since is None:
        return False
    if schedule.disable_at(failing_since=health.failing_since, warned_at=health.warned_at, now=at) > at:
        return False
    return _disable(endpoint, "failing")


def _disable(endpoint: Endpoint, reason: Literal["gone", "failing"]) -> bool:
    return disable_endpoint(
        tenant=endpoint.tenant, endpoint_id=endpoint.id, url=endpoint.url, reason=reason, now=clock.now()
    )
