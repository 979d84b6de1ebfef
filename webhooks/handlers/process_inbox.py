"""Work of kind `webhooks.process_inbox`."""

from __future__ import annotations

from gateway.work.rules import Result
from gateway.work.services.claim import Claim
from webhooks.services.process_inbox_event import process_inbox_event


def process_inbox(claim: Claim) -> Result:
    """Turn one event of a provider into the work that it hints at."""
    return process_inbox_event(inbox_id=claim.subject_id)
