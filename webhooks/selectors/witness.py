"""The deliveries' part of the oracle: every event reached everybody who asked for it and listens."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from gateway.core.ids import lowest_id_at, to_public
from gateway.events.models import Event
from webhooks import states
from webhooks.models import Delivery, Endpoint
from webhooks.rules.matching import TEST_EVENT_TYPE, matches

_ALL = "the oracle compares all there is"
# An event made while the filter was being changed may have been matched against either.
_MARGIN = timedelta(seconds=5)


def delivery_differences() -> Iterator[str]:
    """As plain sentences: an event without its delivery, a delivery without an end, and what a healthy receiver did
    not get.
    """
    yield from missing_deliveries()
    rows = Delivery.objects.unscoped(_ALL)
    for delivery in rows.filter(status__in=states.UNFINISHED).order_by("id"):
        yield f"delivery {delivery.public_id} of {delivery.event_type} is still {delivery.status}."
    healthy = rows.filter(endpoint__status=states.ENABLED, endpoint__health__consecutive_failures=0)
    for delivery in healthy.filter(status=states.FAILED).order_by("id"):
        yield f"delivery {delivery.public_id} of {delivery.event_type} failed although its endpoint is healthy."


def missing_deliveries() -> Iterator[str]:
    """Every event that passed an endpoint's present filter since that was set has exactly one delivery there."""
    for endpoint in Endpoint.objects.unscoped(_ALL).exclude(status=states.DELETED).order_by("id"):
        since = lowest_id_at(endpoint.filter_since + _MARGIN)
        wanted = _wanted(endpoint, since)
        had = set(
            Delivery.objects.for_merchant(endpoint.tenant).filter(endpoint=endpoint).values_list("event_id", flat=True)
        )
        for event_id in sorted(wanted.keys() - had):
            yield f"event {to_public('evt', event_id)} ({wanted[event_id]}) has no delivery to {endpoint.public_id}."


def sequence_gaps() -> Iterator[tuple[str, str]]:
    """Endpoints whose numbers are not exactly 1 to the counter: (endpoint, what is wrong)."""
    numbers: dict[UUID, list[int]] = defaultdict(list)
    for endpoint_id, sequence in (
        Delivery.objects.unscoped(_ALL).values_list("endpoint_id", "sequence").order_by("sequence")
    ):
        numbers[endpoint_id].append(sequence)
    for endpoint in Endpoint.objects.unscoped(_ALL).select_related("counter").order_by("id"):
        last = endpoint.counter.last_sequence
        if numbers[endpoint.id] != list(range(1, last + 1)):
            yield endpoint.public_id, f"{len(numbers[endpoint.id])} deliveries, the counter says {last}"


def _wanted(endpoint: Endpoint, since: UUID) -> dict[UUID, str]:
    events = Event.objects.for_merchant(endpoint.tenant).filter(id__gte=since)
    return {
        event_id: event_type
        for event_id, event_type in events.exclude(type=TEST_EVENT_TYPE).values_list("id", "type")
        if matches(endpoint.enabled_events, event_type)
    }
