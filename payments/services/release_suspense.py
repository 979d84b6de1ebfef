"""Money in suspense that the provider has taken back, or brought back: nothing is left to explain."""

from __future__ import annotations

from datetime import datetime

from gateway.ledger.rules import credit, debit
from gateway.ledger.selectors.transactions import net_of
from gateway.ledger.services.post import post
from gateway.ledger.states import AccountType
from payments.models import Payment
from payments.rules.ledger_accounts import provider_clearing, provider_object_source, suspense
from payments.selectors.anomalies import list_anomalies
from payments.services.announce_anomaly import announce_anomaly
from payments.services.post_suspense import post_suspense


def release_suspense(*, payment: Payment, provider_object: str, kind: str, detail: str, now: datetime) -> None:
    """The cumulative amount of this provider object is zero again: reverse what stands in suspense for it and resolve
    its anomalies, with `detail` as the note.

    What a person has settled meanwhile is no longer in suspense: coming back, it is money beyond our books again, with
    an anomaly of its own. Nothing happens the second time. The caller holds the payment's lock.
    """
    source = provider_object_source(payment.provider_account_id, provider_object)
    moved = net_of(source_type="provider_object", source_id=source, account_type=AccountType.PROVIDER_CLEARING)
    if moved == 0:
        return
    open_ones = list_anomalies(payment.tenant).filter(provider_object=provider_object, kind=kind, resolved_at=None)
    held = 0
    for anomaly in open_ones.exclude(amount=0).select_for_update().order_by("id"):
        held += anomaly.amount
        anomaly.resolved_at, anomaly.resolution = now, detail[:500]
        anomaly.posting, anomaly.resolved_by = "returned", "provider"
        anomaly.save(update_fields=["resolved_at", "resolution", "posting", "resolved_by"])
        announce_anomaly(anomaly=anomaly, verb="resolved", now=now)
    if held:
        gets, gives = suspense(payment), provider_clearing(payment)
        if held < 0:
            gets, gives = gives, gets
        post(
            source_type="provider_object",
            source_id=source,
            event=f"{kind}:0",
            lines=(debit(gets, abs(held)), credit(gives, abs(held))),
            now=now,
            merchant_id=payment.merchant_id,
            livemode=payment.livemode,
            description=detail[:200],
        )
    if moved != held:
        post_suspense(
            payment=payment,
            provider_object=provider_object,
            kind=f"{kind}_returned",
            cumulative=abs(moved - held),
            direction="in" if moved < held else "out",
            detail=f"{detail} It had been settled by a person.",
            now=now,
        )
