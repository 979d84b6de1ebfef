"""How a refund looks in the API, in events and in stored answers."""

from __future__ import annotations

from typing import Any

from gateway.core.ids import to_public
from gateway.core.times import rfc3339
from refunds.models import Refund


def refund_object(refund: Refund) -> dict[str, Any]:
    """A refund."""
    return {
        "id": refund.public_id,
        "object": "refund",
        "livemode": refund.livemode,
        "created_at": rfc3339(refund.created_at),
        "metadata": refund.metadata,
        "version": refund.version,
        "payment": to_public("pay", refund.payment_id),
        "order": to_public("ord", refund.order_id),
        "amount": refund.amount,
        "currency": refund.currency,
        "status": refund.status,
        "reason": refund.reason or None,
        "external": refund.external,
        "fee_returned": refund.fee_returned,
        "failure": refund.failure,
        "provider_reference": refund.provider_reference or None,
    }
