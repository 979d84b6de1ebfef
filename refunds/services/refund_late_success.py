"""Send back money that arrived when its order no longer waited for it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from gateway.work.services.enqueue import enqueue
from payments.selectors.orders import order_for_update
from payments.selectors.payments import payment_by_id, payment_for_update
from refunds import states
from refunds.models import Refund
from refunds.services.announce_refund import announce_refund
from refunds.services.open_refund import open_refund


def refund_late_success(*, payment_id: UUID, now: datetime) -> Refund | None:
    """Refund all that is left of a late success; None when nothing is (it was refunded already, here or at the
    provider).
    """
    with transaction.atomic():
        order_for_update(payment_by_id(payment_id).order_id)
        payment = payment_for_update(payment_id)
        if payment.amount_refundable <= 0:
            return None
        refund = open_refund(
            payment=payment, amount=payment.amount_refundable, reason=payment.late_reason, metadata={}, now=now
        )
        announce_refund(refund=refund, payment=payment, verb="created", now=now)
        enqueue(kind=states.CARRY_OUT, subject_id=refund.id, tenant=refund.tenant)
    return refund
