"""Take back a refund that has not been sent."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from gateway.core.opening import NO_CALL, OpeningCall
from gateway.core.tenancy import Tenant
from gateway.work.services.cancel import cancel
from payments.errors import InvalidState
from payments.selectors.orders import order_for_update
from payments.selectors.payments import payment_for_update
from payments.services.adjust_refunds import release_refund
from refunds import states
from refunds.errors import RefundAlreadySent
from refunds.models import Refund
from refunds.selectors.refunds import get_refund, refund_for_update
from refunds.services.announce_refund import announce_refund
from refunds.services.post_refund import post_refund


def cancel_refund(*, tenant: Tenant, refund_id: UUID, now: datetime, call: OpeningCall = NO_CALL) -> Refund:
    """Cancel a pending refund and give its amount back to the payment. Raises InvalidState for one that is canceled
    already, and RefundAlreadySent once the bank may know of it.
    """
    with transaction.atomic():
        call.begin()
        known = get_refund(tenant, refund_id)
        order_for_update(known.order_id)
        payment = payment_for_update(known.payment_id)
        refund = refund_for_update(refund_id)
        if refund is None or refund.status == states.CANCELED:
            raise InvalidState("A refund that is canceled cannot be canceled.", status=states.CANCELED)
        if refund.status != states.PENDING or refund.sends:
            raise RefundAlreadySent(status=refund.status)
        states.REFUND.require(refund.status, states.CANCELED)
        previous = {"status": refund.status}
        refund.status = states.CANCELED
        refund.version += 1
        refund.save(update_fields=["status", "version"])
        release_refund(payment, refund.amount)
        post_refund(refund=refund, payment=payment, event="canceled", now=now)
        announce_refund(refund=refund, payment=payment, verb="canceled", previous=previous, now=now)
        call.remember(refund)
        cancel(kind=states.CARRY_OUT, subject_id=refund.id)
    return refund
