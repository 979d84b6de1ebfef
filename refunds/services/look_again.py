"""Look at refunds that succeeded, now and then: the bank may have returned one, and its webhook may be lost."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from gateway.work.rules import WorkItem
from gateway.work.services.enqueue import enqueue_all
from payments.services.change import SYNC
from refunds.rules.resolution import next_look
from refunds.selectors.refunds import refunds_to_look_at_again

_AT_ONCE = 500


def look_again() -> int:
    """Ask for the present state of every payment with a refund whose look is due; returns how many refunds there were.

    Any number of these may run at once: each takes rows that the others do not hold.
    """
    with transaction.atomic():
        now = timezone.now()
        due = list(refunds_to_look_at_again(now=now).select_for_update(of=("self",), skip_locked=True)[:_AT_ONCE])
        for refund in due:
            refund.look_again_at = next_look(succeeded_at=refund.succeeded_at or refund.created_at, now=now)
            refund.save(update_fields=["look_again_at"])
        enqueue_all([WorkItem(SYNC, refund.payment_id, refund.tenant) for refund in due])
    return len(due)
