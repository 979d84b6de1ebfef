"""Telling the merchant: events go to the outbox in the transaction of the change; `bank.sender` delivers them."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from bank.faults import Fault, Faults
from bank.models import Payment, Webhook, new_id
from bank.representations import payment_body

# Set when something was queued, so that the sender's thread in this process need not wait for its next look.
doorbell = threading.Event()


def queue(type: str, payment: Payment, faults: Sequence[str], *, stale: Payment | None = None) -> None:
    """Owe the account this event. `stale` is the payment before its last step: what an event out of order shows."""
    if not payment.account.webhook_url:
        return
    wanted = Faults.parse(",".join(faults))
    _owe(
        type,
        payment,
        copies=2 if Fault.DUPLICATE_WEBHOOK in wanted else 1,
        delay_s=_delay(wanted, has_stale=stale is not None),
    )
    if stale is not None and Fault.REORDER_WEBHOOKS in wanted:
        _owe("payment.authorized", stale, copies=1, delay_s=wanted.seconds[Fault.REORDER_WEBHOOKS])
    transaction.on_commit(doorbell.set)


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """The `Bank-Signature` header: hex HMAC-SHA256 over `timestamp.body`."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def _delay(faults: Faults, *, has_stale: bool) -> float:
    delay_s = faults.seconds.get(Fault.LATE_WEBHOOK, 0.0)
    if Fault.REORDER_WEBHOOKS in faults and not has_stale:
        delay_s = max(delay_s, faults.seconds[Fault.REORDER_WEBHOOKS])  # so that later events overtake this one
    return delay_s


def _owe(type: str, payment: Payment, *, copies: int, delay_s: float) -> None:
    event_id, now = new_id("bev"), timezone.now()
    body = json.dumps(
        {
            "id": event_id,
            "type": type,
            "created_at": now.isoformat(),
            "account": payment.account_id,
            "livemode": False,
            "data": {"object": payment_body(payment)},
        },
        separators=(",", ":"),
    )
    for _ in range(copies):
        Webhook.objects.create(
            event_id=event_id,
            account_id=payment.account_id,
            type=type,
            body=body,
            next_attempt_at=now + timedelta(seconds=delay_s),
        )
