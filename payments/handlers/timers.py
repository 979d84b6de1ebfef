"""Business timers: run at a real time, checked against the merchant's clock."""

from __future__ import annotations

from datetime import datetime

from gateway.core import clock
from gateway.work.rules import Done, Later, Result
from gateway.work.services.claim import Claim
from payments.services.call_off import call_off as call_off_one
from payments.services.expire_challenge import expire_challenge as expire_one_challenge
from payments.services.expire_order import expire_order as expire_one_order


def expire_challenge(claim: Claim) -> Result:
    """Call off the challenge of payment `claim.subject_id` when its time is over."""
    return _again(expire_one_challenge(payment_id=claim.subject_id, now=clock.now()))


def call_off(claim: Claim) -> Result:
    """Give payment `claim.subject_id` back if it must be; this looks at real time only."""
    look_again_at = call_off_one(payment_id=claim.subject_id, now=clock.now())
    return Done() if look_again_at is None else Later(look_again_at, "another attempt waits for its end")


def expire_order(claim: Claim) -> Result:
    """Close order `claim.subject_id` when its time is over."""
    return _again(expire_one_order(order_id=claim.subject_id, now=clock.now()))


def _again(due_at: datetime | None) -> Result:
    return Done() if due_at is None else Later(clock.to_real(due_at), "not due yet")
