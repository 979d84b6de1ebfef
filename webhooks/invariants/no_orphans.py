"""Deliveries stay with the merchant and the mode of their event and endpoint."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.invariants import Violation, broken_links, selected

NAME = "webhooks.no_orphans"
DESCRIPTION = "Every delivery leads to an endpoint and an event of the same merchant and mode."

_LINKS = (
    # child table, column, parent table
    ("webhooks_delivery", "endpoint_id", "webhooks_endpoint"),
    ("webhooks_deliveryattempt", "delivery_id", "webhooks_delivery"),
    ("webhooks_inboxevent", "provider_account_id", "payments_provideraccount"),
)
# Events are retired after some months, deliveries may outlive them.
_STRANGERS = """
SELECT d.id, 'delivers an event of another merchant or mode'
FROM webhooks_delivery d JOIN events_event e ON e.id = d.event_id
WHERE e.merchant_id <> d.merchant_id OR e.livemode <> d.livemode
"""


def violations() -> Iterator[Violation]:
    """Deliveries, attempts and provider events that lead nowhere or to somebody else's."""
    yield from broken_links(_LINKS)
    yield from selected(_STRANGERS)
