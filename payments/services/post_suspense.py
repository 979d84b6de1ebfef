"""Money that a provider moved beyond our books: into suspense, with an anomaly, and never an exception."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from gateway.ledger.rules import credit, debit
from gateway.ledger.services.post import post
from payments.models import Anomaly, Payment
from payments.rules.ledger_accounts import provider_clearing, provider_object_source, suspense
from payments.selectors.anomalies import suspended_so_far
from payments.services.open_anomaly import open_anomaly


def post_suspense(
    *,
    payment: Payment,
    provider_object: str,
    kind: str,
    cumulative: int,
    direction: Literal["in", "out"],
    detail: str,
    now: datetime,
) -> Anomaly | None:
    """Post what is not posted yet of `cumulative`, the unexplained total of this provider object. None: nothing new.

    The caller holds the payment's lock, so that two observers of the same fact do not both post it.
    """
    amount = cumulative - suspended_so_far(payment.tenant, provider_object=provider_object, kind=kind)
    if amount <= 0:
        return None
    clearing, held = provider_clearing(payment), suspense(payment)
    lines = (debit(clearing, amount), credit(held, amount))
    if direction == "out":
        lines = (debit(held, amount), credit(clearing, amount))
    post(
        source_type="provider_object",
        source_id=provider_object_source(payment.provider_account_id, provider_object),
        event=f"{kind}:{cumulative}",
        lines=lines,
        now=now,
        merchant_id=payment.merchant_id,
        livemode=payment.livemode,
        description=detail[:200],
    )
    return open_anomaly(
        tenant=payment.tenant,
        kind=kind,
        subject_type="payment",
        subject_id=payment.id,
        detail=detail,
        amount=amount if direction == "in" else -amount,
        currency=payment.currency,
        provider_account_id=payment.provider_account_id,
        provider_object=provider_object,
        now=now,
    )
