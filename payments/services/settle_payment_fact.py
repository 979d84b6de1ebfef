"""The way in for a payment's present state at the provider: from its webhook, a sweep, or a person."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from gateway.core.crashpoints import reach
from payments.models import Payment
from payments.providers.base import PaymentFact
from payments.services.apply_fact import apply_fact
from payments.services.change import PaymentChange
from payments.services.release_order import release_order


def settle_payment_fact(*, payment_id: UUID, fact: PaymentFact, now: datetime) -> Payment:
    """Bring our books to the fact. Monotonic, idempotent, in any order.

    What the fact says of refunds and disputes goes to `settings.PROVIDER_OBSERVATION_HANDLERS`, in this transaction, under
    the order's and the payment's locks.
    """
    with transaction.atomic():
        change = PaymentChange(payment_id=payment_id, now=now)
        before = str(change.payment.status)
        apply_fact(change, fact=fact, is_present=True)
        release_order(change)
        change.close("payment.synchronized", change.payment, {"from": before, "to": str(change.payment.status)})
        for handler in settings.PROVIDER_OBSERVATION_HANDLERS:
            import_string(handler)(payment_id=payment_id, fact=fact, now=now)
        reach("payments.before_fact_commit")
        return change.payment
