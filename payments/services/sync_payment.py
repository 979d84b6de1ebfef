"""Ask the provider for a payment's present state, and settle it. A hint of any origin ends here."""

from __future__ import annotations

from gateway.core import clock
from gateway.core.crashpoints import reach
from gateway.work.rules import Done, Result, Retry
from gateway.work.services.claim import Claim
from payments.providers.base import NotDone, OutcomeUnknown
from payments.providers.registry import get_provider
from payments.selectors.operations import authorize_operation
from payments.selectors.payments import payment_by_id
from payments.selectors.provider_accounts import credentials_of
from payments.services.settle_payment_fact import settle_payment_fact

REQUEST_SECONDS = 22.0


def sync_payment(claim: Claim) -> Result:
    """Fetch without a transaction, then lock and settle. A provider that shows nothing has said nothing: nothing changes."""
    if not claim.has_time(REQUEST_SECONDS):
        return Retry("the lease is too short to ask", counts=False)
    payment = payment_by_id(claim.subject_id)
    operation = authorize_operation(payment)
    if operation is None:
        return Done()
    provider = get_provider(operation.provider_account.provider)
    reach("payments.before_fetch")
    try:
        fact = provider.fetch_payment(
            credentials_of(operation.provider_account),
            provider_reference=payment.provider_reference,
            operation_id=operation.public_id,
        )
    except (NotDone, OutcomeUnknown) as error:
        return Retry(str(error) or "the provider did not answer", counts=False)
    reach("payments.after_fetch")
    if fact is not None:
        settle_payment_fact(payment_id=payment.id, fact=fact, now=clock.now())
        reach("payments.after_fact")
    return Done()
