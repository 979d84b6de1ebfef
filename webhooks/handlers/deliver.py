"""Work of kind `webhooks.deliver`."""

from __future__ import annotations

from gateway.work.rules import Result
from gateway.work.services.claim import Claim
from webhooks.services import deliver as service


def deliver(claim: Claim) -> Result:
    """Send one delivery."""
    return service.deliver(claim=claim)
