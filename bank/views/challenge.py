"""The pages that customers see: the 3-D Secure challenge, the UPI approval, and what they decided."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.encoding import iri_to_uri
from iso4217 import Currency

from bank.challenges import DECISIONS, decide_challenge, find_challenge
from bank.models import Payment
from bank.views.frame import open_resource

ASSETS = {"bank.css": "text/css; charset=utf-8", "mark.svg": "image/svg+xml"}
BRANDS = {"amex": "American Express", "bccard": "BCcard", "jcb": "JCB", "rupay": "RuPay", "unionpay": "UnionPay"}
CODE_DIGITS = range(4, 11)

# Framed by any checkout; posts here and is sent on to the merchant's return address, wherever that leads.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'self' http: https:; frame-ancestors http: https:"
)


def _show(request: HttpRequest, challenge_id: str) -> HttpResponse:
    payment = _existing(challenge_id)
    return _page(request, payment) if payment.status == Payment.Status.REQUIRES_ACTION else _leave(request, payment)


def _decide(request: HttpRequest, challenge_id: str) -> HttpResponse:
    payment = _existing(challenge_id)
    decision = request.POST.get("decision", "approve")
    code = request.POST.get("code", "").replace(" ", "")
    if payment.status == Payment.Status.REQUIRES_ACTION:
        if decision not in DECISIONS:
            return _page(request, payment, error="Choose one of the buttons.")
        if decision == "approve" and code:
            if not (code.isascii() and code.isdigit() and len(code) < CODE_DIGITS.stop):
                return _page(request, payment, error="A code has 4 to 10 digits, and nothing else.")
            if len(code) < CODE_DIGITS.start:
                decision = "fail"
        decide_challenge(challenge_id, decision)
        payment = _existing(challenge_id)
    return _leave(request, payment)


def _existing(challenge_id: str) -> Payment:
    payment = find_challenge(challenge_id)
    if payment is None:
        raise Http404
    return payment


def _leave(request: HttpRequest, payment: Payment) -> HttpResponse:
    """Back to the merchant with a GET; where there is no return address, say what became of the payment."""
    if payment.return_url:
        response = HttpResponse(status=303)
        response["Location"] = iri_to_uri(payment.return_url)
        return _guarded(response)
    said_yes = payment.amount_authorized > 0
    return _guarded(render(request, "bank/decided.html", {**_facts(payment), "said_yes": said_yes}))


def _page(request: HttpRequest, payment: Payment, *, error: str = "") -> HttpResponse:
    context = {**_facts(payment), "error": error}
    return _guarded(render(request, "bank/challenge.html", context, status=422 if error else 200))


def _facts(payment: Payment) -> dict[str, Any]:
    details = payment.method_details
    brand = details.get("brand", "")
    return {
        "payment": payment,
        "merchant": payment.account.name or payment.statement_descriptor or payment.account_id,
        "money": money_text(payment.amount, payment.currency),
        "is_upi": payment.challenge_kind == "upi",
        "method": details["vpa_masked"]
        if payment.method_type == "upi"
        else f"{BRANDS.get(brand, brand.title())} •••• {details['last4']}",
    }


def money_text(amount: int, currency: str) -> str:
    """An amount for people, with as many decimals as the currency has: `1,234.50`."""
    exponent = Currency(currency).exponent or 0
    whole, part = divmod(amount, 10**exponent)
    return f"{whole:,}.{part:0{exponent}d}" if exponent else f"{whole:,}"


def _front_page(request: HttpRequest) -> HttpResponse:
    return _guarded(render(request, "bank/front.html"))


def _asset(request: HttpRequest, name: str) -> HttpResponse:
    if name not in ASSETS:
        raise Http404
    content = (Path(__file__).resolve().parent.parent / "assets" / name).read_bytes()
    return HttpResponse(content, content_type=ASSETS[name], headers={"Cache-Control": "public, max-age=3600"})


def _guarded(response: HttpResponse) -> HttpResponse:
    response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response["Referrer-Policy"] = "no-referrer"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response


page = open_resource({"GET": _show, "POST": _decide})
front_page = open_resource({"GET": _front_page})
asset = open_resource({"GET": _asset})
