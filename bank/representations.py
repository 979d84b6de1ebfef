"""How a payment looks from outside: its present state, with every capture and refund by the merchant's own ids."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from bank.cards import DECLINE_MESSAGES
from bank.models import Capture, Payment, Refund


def payment_body(payment: Payment) -> dict[str, Any]:
    """The payment, for answers, queries and webhooks alike."""
    return {
        "id": payment.id,
        "object": "payment",
        "account": payment.account_id,
        "livemode": False,
        "reference": payment.reference,
        "payment_reference": payment.payment_reference,
        "status": str(payment.status),
        "amount": payment.amount,
        "currency": payment.currency,
        "capture": payment.capture_at_once,
        "amount_authorized": payment.amount_authorized,
        "amount_capturable": payment.amount_capturable,
        "amount_captured": payment.amount_captured,
        "amount_refunded": payment.amount_refunded,
        "decline_code": payment.decline_code or None,
        "decline_message": DECLINE_MESSAGES.get(payment.decline_code),
        "next_action": next_action(payment),
        "payment_method": {"type": payment.method_type, payment.method_type: payment.method_details},
        "checks": payment.checks,
        "risk": payment.risk,
        "three_d_secure": payment.three_d_secure,
        "captures": [_capture_body(capture) for capture in payment.captures.all()],
        "refunds": [_refund_body(refund) for refund in payment.refunds.all()],
        "void_reference": payment.void_reference or None,
        "metadata": payment.metadata,
        "version": payment.version,
        "created_at": payment.created_at.isoformat(),
    }


def next_action(payment: Payment) -> dict[str, str] | None:
    """Where the customer must go, while the payment waits for that."""
    if payment.status != Payment.Status.REQUIRES_ACTION:
        return None
    return {
        "type": "redirect",
        "kind": payment.challenge_kind,
        "url": f"{settings.BANK_PUBLIC_URL}/challenge/{payment.challenge_id}",
    }


def _capture_body(capture: Capture) -> dict[str, Any]:
    return {
        "id": capture.id,
        "reference": capture.reference,
        "amount": capture.amount,
        "final": capture.final,
        "created_at": capture.created_at.isoformat(),
    }


def _refund_body(refund: Refund) -> dict[str, Any]:
    return {
        "id": refund.id,
        "reference": refund.reference,
        "amount": refund.amount,
        "status": str(refund.status),
        "reason": refund.reason,
        "failure_code": refund.failure_code or None,
        "succeeded_at": refund.succeeded_at.isoformat() if refund.succeeded_at else None,
        "created_at": refund.created_at.isoformat(),
    }
