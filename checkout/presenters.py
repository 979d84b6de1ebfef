"""Plain data for the templates: no model and no query gets past here."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import segno
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from checkout.forms import FORMS, CardForm, UpiForm
from checkout.models import Attempt, CheckoutSession
from checkout.rules.advice import advice_for
from checkout.rules.brand_colors import accent_for
from checkout.rules.form_tokens import FormToken, sign_form
from checkout.selectors.sessions import Visit
from gateway.core import clock
from merchants.models import Merchant
from payments.models import Order, Payment

WARN_BEFORE = timedelta(minutes=10)
Shown = dict[str, Any]


def seller(merchant: Merchant, *, livemode: bool) -> Shown:
    """Who sells, in their colour."""
    return {
        "merchant_name": merchant.name,
        "merchant_mark": (merchant.logo_text or merchant.name)[:1].upper(),
        "support_email": merchant.support_email,
        "accent": accent_for(merchant.brand_color),
        "test_mode": not livemode,
    }


def bill(order: Order) -> Shown:
    """What is bought. Lines that do not add up to the amount are shown without their prices."""
    lines = [_line(item, order.currency) for item in order.line_items if isinstance(item, Mapping)]
    if sum(line["total"] or 0 for line in lines) != order.amount:
        lines = [{**line, "total": None, "unit": None} for line in lines]
    return {
        "amount": order.amount_due or order.amount,
        "currency": order.currency,
        "description": order.description,
        "reference": order.reference,
        "lines": lines,
        "already_paid": order.amount_paid,
        "total": order.amount,
    }


def methods(order: Order) -> list[str]:
    """The methods that fit the order, the usual one first. UPI moves rupees only."""
    return ["card", "upi"] if order.currency == "INR" else ["card"]


def pay_page(
    visit: Visit,
    last: Attempt | None,
    *,
    bound: CardForm | UpiForm | None = None,
    problem: tuple[str, str] | None = None,
) -> Shown:
    """The page with the bill and the forms. `bound` is a form that was refused; `problem` a title and a text."""
    session, order = visit.session, visit.order
    remaining = session.expires_at - clock.now()
    token = sign_form(FormToken(session.public_id, session.attempt, order.amount_due))
    forms = [_method(session, kind, bound) for kind in methods(order)]
    chosen = next((form["kind"] for form in forms if form["form"] is bound), None) or (
        last.method_type if last and last.method_type in methods(order) else forms[0]["kind"]
    )
    return {
        **seller(session.merchant, livemode=session.livemode),
        "bill": bill(order),
        "methods": forms,
        "chosen": chosen,
        "token": token,
        "notice": _notice(last, bound, problem),
        "cancel_url": web_address(session.cancel_url),
        "expires_at": session.expires_at,
        "expires_in_s": max(0, int(remaining.total_seconds())),
        "expires_soon": remaining <= WARN_BEFORE,
    }


def waiting_page(session: CheckoutSession, attempt: Attempt | None, payment: Payment | None, number: int) -> Shown:
    """The room between the button and the outcome: confirming, or the bank's page in a frame or behind a link."""
    action = (payment.next_action or {}) if payment is not None and payment.status == "requires_action" else {}
    address = web_address(action.get("url", ""))
    return {
        **seller(session.merchant, livemode=session.livemode),
        "bill": bill(session.order),
        "number": number,
        "method_type": attempt.method_type if attempt else "card",
        "challenge_url": address,
        "challenge_qr": _qr(address) if address and action.get("type") == "upi_qr" else "",
        "token": sign_form(FormToken(session.public_id, number, session.order.amount_due)),
        "cancel_action": reverse("checkout:cancel", args=[session.public_id, number]),
        "page_url": reverse("checkout:attempt", args=[session.public_id, number]),
    }


def receipt_page(session: CheckoutSession, order: Order, payment: Payment | None) -> Shown:
    """What was paid, how, to whom, and what has come back."""
    return {
        **seller(session.merchant, livemode=session.livemode),
        "bill": bill(order) | {"amount": payment.amount if payment else order.amount_paid or order.amount},
        "refunded": payment.amount_refunded if payment else order.amount_refunded,
        "refund_under_way": payment.amount_refund_pending if payment else 0,
        "paid_at": (payment.captured_at or payment.created_at) if payment else order.paid_at,
        "method": method_words(payment),
        "payment_id": payment.public_id if payment else "",
        "statement": payment.statement_descriptor if payment else "",
        "success_url": web_address(session.success_url),
    }


def closed_page(session: CheckoutSession, order: Order, *, can_renew: bool) -> Shown:
    """A session that takes no payment any more, and what can be done about it."""
    return {
        **seller(session.merchant, livemode=session.livemode),
        "bill": bill(order),
        "order_status": order.status,
        "can_renew": can_renew,
        "renew_action": reverse("checkout:renew", args=[session.public_id]),
        "token": sign_form(FormToken(session.public_id, session.attempt, 0)),
        "cancel_url": web_address(session.cancel_url),
    }


def method_words(payment: Payment | None) -> str:
    """How it was paid: `Visa •••• 4242`."""
    method = payment.payment_method if payment else None
    if method is None:
        return ""
    if method.type == "upi":
        return f"UPI {method.details.get('vpa_masked', '')}".strip()
    brand = str(method.details.get("brand", "")).replace("_", " ")
    return f"{_BRANDS.get(brand, brand.title()) or _('Card')} •••• {method.details.get('last4', '')}".strip()


_BRANDS = {
    "amex": "American Express", "american express": "American Express", "jcb": "JCB", "rupay": "RuPay",
    "unionpay": "UnionPay", "bccard": "BCcard", "diners": "Diners Club",
}  # fmt: skip


def web_address(text: str) -> str:
    """An address that may stand in a link; anything but http and https is dropped."""
    return text if urlsplit(text).scheme in ("http", "https") else ""


def _method(session: CheckoutSession, kind: str, bound: CardForm | UpiForm | None) -> Shown:
    form_class = FORMS[kind]
    form = bound if isinstance(bound, form_class) else form_class(auto_id=f"{kind}-%s")
    form.focus_first_error()
    return {"kind": kind, "form": form, "action": reverse(f"checkout:{kind}", args=[session.public_id])}


def _notice(last: Attempt | None, bound: CardForm | UpiForm | None, problem: tuple[str, str] | None) -> Shown | None:
    if problem is not None:
        return {"tone": "attention", "title": problem[0], "text": problem[1]}
    if bound is not None or last is None:
        return None
    advice = advice_for(last.outcome, last.failure or {})
    tone = "progress" if last.outcome == "canceled" else "danger"
    return {"tone": tone, "title": advice.title, "text": advice.text}


def _line(item: Mapping[str, Any], currency: str) -> Shown:
    quantity = item.get("quantity") if isinstance(item.get("quantity"), int) else 1
    amount = item.get("amount") if isinstance(item.get("amount"), int) else None
    return {
        "name": str(item.get("name") or item.get("description") or _("Item")),
        "quantity": quantity,
        "unit": amount,
        "total": None if amount is None else amount * (quantity or 1),
        "currency": currency,
    }


def _qr(address: str) -> SafeString:
    buffer = io.BytesIO()
    segno.make(address, error="m").save(buffer, kind="svg", border=0, xmldecl=False, svgns=True, omitsize=True)
    return mark_safe(buffer.getvalue().decode())  # noqa: S308 - drawn by segno: only a path, no text of the address
