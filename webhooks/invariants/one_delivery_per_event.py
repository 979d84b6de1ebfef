"""Every event has one delivery at every endpoint that asked for it."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.invariants import Violation
from webhooks.selectors.witness import missing_deliveries

NAME = "webhooks.one_delivery_per_event"
DESCRIPTION = "Every fanned-out event has exactly one delivery at every endpoint whose filter it passes."


def violations() -> Iterator[Violation]:
    """Events without a delivery where there should be one (the database refuses a second)."""
    yield from missing_deliveries()
