"""Tell us where to send events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from gateway.audit.services.record import record
from gateway.core.errors import FieldError, Invalid
from gateway.core.http import UntrustedUrl, check_untrusted_url
from gateway.core.opening import NO_CALL, OpeningCall
from gateway.core.tenancy import Tenant
from webhooks.errors import TooManyEndpoints
from webhooks.models import Endpoint, EndpointCounter, EndpointHealth
from webhooks.rules.matching import MAX_PATTERNS, is_pattern
from webhooks.rules.signatures import new_secret
from webhooks.selectors.endpoints import endpoints_of
from webhooks.services.add_secret import add_secret

MAX_ENDPOINTS = 50
_MAX_URL_LENGTH = 2000


@dataclass(frozen=True)
class CreatedEndpoint:
    """A new endpoint and its secret, which is shown this once."""

    endpoint: Endpoint
    secret: str


def create_endpoint(
    *,
    tenant: Tenant,
    url: str,
    enabled_events: Sequence[str] = ("*",),
    description: str = "",
    metadata: Mapping[str, Any] | None = None,
    now: datetime,
    call: OpeningCall = NO_CALL,
) -> CreatedEndpoint:
    """Create an enabled endpoint with a secret of its own.

    Raises Invalid for an address that we will not call or an event name that cannot exist, TooManyEndpoints beyond 50.
    Whoever remembers the answer must leave the secret out.
    """
    check_endpoint_input(url=url, enabled_events=enabled_events, livemode=tenant.livemode)
    with transaction.atomic():
        call.begin()
        if endpoints_of(tenant).count() >= MAX_ENDPOINTS:
            raise TooManyEndpoints
        endpoint = Endpoint(
            merchant_id=tenant.merchant_id,
            livemode=tenant.livemode,
            url=url,
            enabled_events=list(dict.fromkeys(enabled_events)),
            description=description,
            metadata=dict(metadata or {}),
            created_at=now,
        )
        endpoint.save(force_insert=True)
        EndpointCounter.objects.create(endpoint=endpoint)
        endpoint.health = EndpointHealth.objects.create(endpoint=endpoint)
        secret = new_secret()
        add_secret(endpoint=endpoint, secret=secret)
        record(
            action="webhook_endpoint.created",
            subject_type="webhook_endpoint",
            subject_id=endpoint.id,
            tenant=tenant,
            data={"enabled_events": endpoint.enabled_events},
        )
        created = CreatedEndpoint(endpoint, secret)
        call.remember(created)
    return created


def check_endpoint_input(*, url: str, enabled_events: Sequence[str], livemode: bool) -> None:
    """Raise Invalid, naming the field, unless we may call this address and the event names can exist."""
    if len(url) > _MAX_URL_LENGTH:
        raise Invalid.field("url", "too_long", f"A webhook address has at most {_MAX_URL_LENGTH} characters.")
    try:
        check_untrusted_url(url, livemode=livemode)
    except UntrustedUrl as refusal:
        raise Invalid.field("url", refusal.code, refusal.message) from refusal
    if not 1 <= len(enabled_events) <= MAX_PATTERNS:
        raise Invalid.field("enabled_events", "length", f"Name between 1 and {MAX_PATTERNS} events.")
    wrong = [name for name in enabled_events if not is_pattern(name)]
    if wrong:
        message = "Use *, a family such as payment.*, or a name such as payment.succeeded."
        raise Invalid(message, errors=(FieldError("enabled_events", "unknown_event", message),))
