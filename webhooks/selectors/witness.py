"""The deliveries' part of the oracle: every event reached everybody who asked for it and listens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from django.db.models import F, Q

from gateway.core.ids import to_public
from gateway.core.invariants import Violation, selected
from gateway.events.models import Event
from webhooks import states
from webhooks.models import Delivery, Endpoint
from webhooks.rules.matching import TEST_EVENT_TYPE

# What happened while an endpoint was being changed may have met it before or after.
_MARGIN = timedelta(seconds=5)
# `matching.matches`, in SQL. An event on its way has work; work in quarantine is on its way nowhere.
_MISSING = f"""
SELECT e.id, w.id || ' ' || e.type
FROM webhooks_endpoint w
JOIN events_event e ON e.merchant_id = w.merchant_id AND e.livemode = w.livemode
    AND e.id >= core_lowest_id_at(w.filter_since + %s)
WHERE w.status <> '{states.DELETED}' AND e.type <> '{TEST_EVENT_TYPE}'
AND w.enabled_events && ARRAY['*', split_part(e.type, '.', 1) || '.*', e.type]
AND NOT EXISTS (SELECT FROM webhooks_delivery d WHERE d.endpoint_id = w.id AND d.event_id = e.id)
AND NOT EXISTS (
    SELECT FROM work_work k WHERE k.kind = 'events.fan_out' AND k.subject_id = e.id AND k.state <> 'quarantined'
)
AND NOT EXISTS (
    SELECT FROM events_consumption c
    JOIN work_work k ON k.kind = 'events.consume' AND k.subject_id = c.id AND k.state <> 'quarantined'
    WHERE c.event_id = e.id AND c.consumer = 'webhooks'
)
"""  # noqa: S608  (constants only)
# No two deliveries of an endpoint share a number: as many as the highest says, from 1, are all of them.
_GAPS = """
SELECT w.id, coalesce(d.made, 0) || ' deliveries, the counter says ' || coalesce(c.last_sequence::text, 'nothing')
FROM webhooks_endpoint w
LEFT JOIN webhooks_endpointcounter c ON c.endpoint_id = w.id
LEFT JOIN (
    SELECT endpoint_id, count(*) AS made, min(sequence) AS lowest, max(sequence) AS highest
    FROM webhooks_delivery GROUP BY endpoint_id
) d ON d.endpoint_id = w.id
WHERE (coalesce(d.made, 0), coalesce(d.lowest, 1), coalesce(d.highest, 0))
    IS DISTINCT FROM (c.last_sequence, 1, c.last_sequence)
"""


def delivery_differences() -> Iterator[str]:
    """As plain sentences: an event without its delivery, a delivery without an end, and what a receiver that listens
    did not get.
    """
    for found in missing_deliveries():
        yield f"event {found.subject} {found.detail}."
    rows = Delivery.objects.unscoped("the oracle compares all there is")
    for delivery in rows.filter(status__in=states.UNFINISHED).order_by("id"):
        yield f"delivery {delivery.public_id} of {delivery.event_type} is still {delivery.status}."
    listening = rows.filter(endpoint__status=states.ENABLED)
    failed = Q(status=states.FAILED, endpoint__health__consecutive_failures=0)
    discarded = Q(status=states.DISCARDED, created_at__gt=F("endpoint__enabled_since") + _MARGIN)
    for delivery in listening.filter(failed | discarded).order_by("id"):
        yield f"delivery {delivery.public_id} of {delivery.event_type} is {delivery.status} although its endpoint listens."


def missing_deliveries() -> Iterator[Violation]:
    """Events that were fanned out since an endpoint's present filter was set, pass it and have no delivery there (the
    database refuses a second)."""
    for found in selected(_MISSING, [_MARGIN]):
        endpoint_id, event_type = found.detail.split(" ")
        endpoint = to_public(Endpoint.ID_PREFIX, UUID(endpoint_id))
        yield Violation(
            to_public(Event.ID_PREFIX, UUID(found.subject)), f"({event_type}) has no delivery to {endpoint}"
        )


def sequence_gaps() -> Iterator[Violation]:
    """Endpoints whose numbers are not exactly 1 to the counter."""
    for found in selected(_GAPS):
        yield Violation(to_public(Endpoint.ID_PREFIX, UUID(found.subject)), found.detail)
