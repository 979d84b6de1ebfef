"""Reserve the money of a refund and write it down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from gateway.ledger.selectors.balances import balance
from gateway.ledger.services.lock_account import lock_account
from merchants.selectors.fee_policy import fee_policy
from payments.models import Payment
from payments.rules.ledger_accounts import merchant_available
from payments.services.adjust_refunds import reserve_refund
from refunds.models import Refund
from refunds.rules.legs import Leg, draw, needs_available
from refunds.selectors.capture_shares import capture_shares
from refunds.services.post_refund import post_refund


def open_refund(
    *,
    payment: Payment,
    amount: int,
    reason: str,
    metadata: Mapping[str, Any],
    now: datetime,
    external_reference: str = "",
) -> Refund:
    """Write a pending refund, reserve its amount on the payment's row and post where the money comes from.

    The caller holds the order's and the payment's rows and has checked that so much is left. With `external_reference`
    the refund is one that the provider made without us.
    """
    if payment.provider_account_id is None:
        message = f"{payment.public_id} has no provider account, so nothing of it was captured"
        raise ValueError(message)
    refund = Refund(
        merchant_id=payment.merchant_id,
        livemode=payment.livemode,
        payment_id=payment.id,
        order_id=payment.order_id,
        provider_account_id=payment.provider_account_id,
        amount=amount,
        currency=payment.currency,
        reason=reason,
        external=bool(external_reference),
        provider_reference=external_reference,
        returns_fee=fee_policy(payment.merchant_id).is_returned,
        legs=[asdict(leg) for leg in _legs(payment, amount)],
        metadata=dict(metadata),
        created_at=now,
    )
    refund.save(force_insert=True)
    reserve_refund(payment, amount)
    post_refund(refund=refund, payment=payment, event="opened", now=now)
    return refund


def _legs(payment: Payment, amount: int) -> list[Leg]:
    captures = capture_shares(payment)
    if not needs_available(amount, captures):
        return draw(amount, captures, available=0)
    account = merchant_available(payment)
    lock_account(account)
    return draw(amount, captures, available=balance(account))
