"""An endpoint's sequence numbers have no gaps."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.invariants import Violation
from webhooks.selectors.witness import sequence_gaps

NAME = "webhooks.gapless_sequences"
DESCRIPTION = "The deliveries of an endpoint are numbered from 1 to its counter without gaps."


def violations() -> Iterator[Violation]:
    """Endpoints with a gap, or with a counter that says otherwise."""
    yield from sequence_gaps()
