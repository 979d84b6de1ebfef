"""The work of this app."""

from __future__ import annotations

from gateway.core import clock
from gateway.work.rules import Done, Result
from gateway.work.services.claim import Claim
from refunds.services import carry_out_refund as _carry_out_refund
from refunds.services import refund_late_success as _refund_late_success


def carry_out_refund(claim: Claim) -> Result:
    """Send one refund, or find out what became of it."""
    return _carry_out_refund.carry_out_refund(claim=claim)


def refund_late_success(claim: Claim) -> Result:
    """Send back the money of a late success."""
    _refund_late_success.refund_late_success(payment_id=claim.subject_id, now=clock.now())
    return Done()
