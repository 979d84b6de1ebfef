"""Work that talks to a provider; each owns its transactions, because no request may be made inside one."""

from __future__ import annotations

from gateway.work.rules import Result
from gateway.work.services.claim import Claim
from payments.services.carry_out_operation import carry_out_operation as carry_out
from payments.services.sync_payment import sync_payment as sync


def carry_out_operation(claim: Claim) -> Result:
    """Carry out operation `claim.subject_id`, or find out what became of it."""
    return carry_out(claim)


def sync_payment(claim: Claim) -> Result:
    """Bring payment `claim.subject_id` to its present state at the provider."""
    return sync(claim)
