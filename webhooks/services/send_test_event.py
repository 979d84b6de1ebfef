"""Send an endpoint something to try its receiver with."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from gateway.audit.services.record import record
from gateway.core.opening import NO_CALL, OpeningCall
from gateway.core.tenancy import Tenant
from gateway.events.models import Event
from webhooks import states
from webhooks.errors import EndpointNotEnabled
from webhooks.rules.matching import TEST_EVENT_TYPE
from webhooks.selectors.endpoints import endpoint_for_update
from webhooks.services.disable_endpoint import announce


def send_test_event(*, tenant: Tenant, endpoint_id: UUID, now: datetime, call: OpeningCall = NO_CALL) -> Event:
    """Write a `webhook_endpoint.test` event, which reaches this endpoint alone whatever it subscribed to.

    Raises EndpointNotEnabled when it is paused or disabled.
    """
    with transaction.atomic():
        call.begin()
        endpoint = endpoint_for_update(tenant, endpoint_id)
        if endpoint.status != states.ENABLED:
            raise EndpointNotEnabled
        record(action="webhook_endpoint.tested", subject_type="webhook_endpoint", subject_id=endpoint.id, tenant=tenant)
        event = announce(endpoint, event_type=TEST_EVENT_TYPE, now=now)
        call.remember(event)
    return event
