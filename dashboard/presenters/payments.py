"""Payments as plain data for templates."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from dashboard.selectors.seats import Seat
from payments.models import Operation, Payment
from payments.selectors.representations import payment_object
from payments.states import OPEN, PaymentStatus

# The tabs above the list: words, and the statuses they stand for.
TABS: tuple[tuple[str, str], ...] = (
    ("All", ""),
    ("Succeeded", "succeeded"),
    ("To capture", "requires_capture"),
    ("Under way", "processing,requires_action,requires_review"),
    ("Failed", "failed"),
    ("Canceled", "canceled,expired"),
)
_ADVICE = {
    "retry": "The customer can try again.",
    "use_other_method": "Ask the customer for another method.",
    "contact_bank": "The customer should ask their bank.",
}


def payment_row(payment: Payment) -> dict[str, Any]:
    """A line of the list. The payment comes with its order, customer and method."""
    return {
        "id": payment.public_id,
        "url": reverse("dashboard:payment", args=[payment.public_id]),
        "amount": payment.amount,
        "currency": payment.currency,
        "status": shown_status(payment),
        "method": method_text(payment),
        "order": payment.order.reference or payment.order.description or payment.order.public_id,
        "customer": (payment.customer.email or payment.customer.name) if payment.customer else "",
        "created_at": payment.created_at,
    }


def shown_status(payment: Payment) -> str:
    """The status, or what has become of a payment that succeeded: refunded is an amount, and still what people look for."""
    if payment.status == PaymentStatus.SUCCEEDED and payment.amount_refunded:
        return "refunded" if payment.amount_refunded >= payment.amount_captured else "partially_refunded"
    return str(payment.status)


def method_text(payment: Payment) -> str:
    """How it was paid: `Visa •••• 4242`."""
    method = payment.payment_method
    if method is None:
        return ""
    if method.type == "card":
        brand = str(method.details.get("brand", "card")).replace("_", " ").title()
        return f"{brand} •••• {method.details.get('last4', '')}"
    if method.type == "upi":
        return f"UPI {method.details.get('vpa_masked', '')}".strip()
    return method.type.replace("_", " ").capitalize()


def payment_head(payment: Payment, seat: Seat, operations: Sequence[Operation]) -> dict[str, Any]:
    """What the detail page says first, and what can be done now."""
    failure = payment.failure or {}
    return {
        **payment_row(payment),
        "order_url": reverse("dashboard:order", args=[payment.order.public_id]),
        "order_id": payment.order.public_id,
        "failure": failure
        and {
            "title": failure.get("message") or _("The payment did not succeed."),
            "text": " ".join(filter(None, [_decline_words(failure), _ADVICE.get(str(failure.get("advice")), "")])),
            "tone": "danger" if payment.status == PaymentStatus.FAILED else "neutral",
        },
        "late_success": payment.late_success,
        "waits_for_customer": payment.status == PaymentStatus.REQUIRES_ACTION,
        "expires_at": payment.expires_at,
        "is_moving": payment.status == PaymentStatus.PROCESSING or any(one.status in OPEN for one in operations),
        "actions": payment_actions(payment, seat, operations),
    }


def payment_actions(payment: Payment, seat: Seat, operations: Sequence[Operation]) -> list[dict[str, str]]:
    """What this person can do to this payment now; nothing else is offered."""
    asking = any(one.status in OPEN for one in operations)
    waiting = {PaymentStatus.REQUIRES_PAYMENT_METHOD, PaymentStatus.REQUIRES_CONFIRMATION}
    at_provider = {PaymentStatus.REQUIRES_ACTION, PaymentStatus.REQUIRES_CAPTURE}
    may_refund = payment.amount_refundable > 0 and not payment.amount_disputed
    possible = [
        ("capture", _("Capture"), "download", "payments:capture", payment.amount_capturable > 0 and not asking),
        ("refund", _("Refund"), "undo-2", "refunds:write", may_refund),
        (
            "cancel",
            _("Cancel payment"),
            "circle-slash",
            "payments:write",
            payment.status in waiting or (payment.status in at_provider and not asking),
        ),
    ]
    return [
        {
            "name": name,
            "label": label,
            "icon": icon,
            "url": reverse(f"dashboard:payment-{name}", args=[payment.public_id]),
        }
        for name, label, icon, permission, is_possible in possible
        if is_possible and seat.may(permission)
    ]


def payment_amounts(payment: Payment, fee: int) -> dict[str, Any]:
    """The figures beside the timeline: only those that say something."""
    currency = payment.currency
    lines = [
        (_("Authorized"), payment.amount_authorized, payment.amount_authorized != payment.amount_captured),
        (_("To capture"), payment.amount_capturable, payment.amount_capturable > 0),
        (_("Captured"), payment.amount_captured, payment.amount_captured > 0),
        (_("Refunded"), -payment.amount_refunded, payment.amount_refunded > 0),
        (_("Refund under way"), -payment.amount_refund_pending, payment.amount_refund_pending > 0),
        (_("Disputed"), -payment.amount_disputed, payment.amount_disputed > 0),
        (_("Our fee"), -fee, fee > 0),
    ]
    taken = payment.amount_refunded + payment.amount_refund_pending + payment.amount_disputed
    return {
        "currency": currency,
        "lines": [{"label": label, "amount": amount} for label, amount, is_told in lines if is_told],
        "net": payment.amount_captured - taken - fee if payment.amount_captured else None,
    }


def payment_facts(payment: Payment) -> list[dict[str, Any]]:
    """Names and values beside the timeline."""
    checks = (payment.payment_method.details.get("checks") or {}) if payment.payment_method else {}
    secure, risk = payment.three_d_secure or {}, payment.risk or {}
    account = payment.provider_account
    facts = [
        (_("Payment"), payment.public_id, "id"),
        (_("Order"), payment.order.public_id, "id"),
        (_("Method"), method_text(payment), ""),
        (_("Checks"), ", ".join(f"{name} {word}" for name, word in checks.items() if word), ""),
        (_("3-D Secure"), ", ".join(f"{value}".replace("_", " ") for value in secure.values() if value), ""),
        (_("Risk"), ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in risk.items() if value), ""),
        (_("Customer"), payment.customer.public_id if payment.customer else "", "id"),
        (_("Capture"), _("Manual") if payment.capture_method == "manual" else _("Automatic"), ""),
        (_("Statement"), payment.statement_descriptor, ""),
        (_("Provider"), account.name if account else "", ""),
        (_("Provider's reference"), payment.provider_reference, "id"),
    ]
    return [{"label": label, "text": str(text), "kind": kind} for label, text, kind in facts if text]


def raw_json(value: dict[str, Any]) -> str:
    """An object as the API shows it, for reading."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def payment_json(payment: Payment, operations: Sequence[Operation]) -> str:
    """The payment as the API shows it."""
    return raw_json(payment_object(payment, operations=[one.id for one in operations]))


def _decline_words(failure: dict[str, Any]) -> str:
    code = failure.get("decline_code") or failure.get("code") or ""
    return _("Code: %(code)s.") % {"code": code} if code else ""
