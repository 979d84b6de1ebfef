"""The session's page: pay, receipt or the end."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from checkout import presenters
from checkout.errors import SessionNotOpen
from checkout.models import CheckoutSession
from checkout.rules.form_tokens import read_form
from checkout.selectors.sessions import last_ended_attempt, paid_payment, reusable_session
from checkout.services.create_session import create_session
from checkout.services.follow_session import follow_session
from checkout.states import SessionStatus
from checkout.views.visits import session_page
from gateway.core import clock
from payments.states import PAYABLE


@require_safe
@session_page
def session(request: HttpRequest, found: CheckoutSession) -> HttpResponse:
    """What the customer can do now."""
    visit = follow_session(session=found, now=clock.now())
    present, order = visit.session, visit.order
    if present.status == SessionStatus.PROCESSING:
        return redirect("checkout:attempt", present.public_id, present.attempt)
    if present.status == SessionStatus.COMPLETE:
        payment = visit.payment or paid_payment(order)
        return render(request, "checkout/receipt.html", presenters.receipt_page(present, order, payment))
    if present.status == SessionStatus.EXPIRED:
        can_renew = order.status in PAYABLE and (order.expires_at is None or order.expires_at > clock.now())
        return render(request, "checkout/closed.html", presenters.closed_page(present, order, can_renew=can_renew))
    return render(request, "checkout/pay.html", presenters.pay_page(visit, last_ended_attempt(present)))


@require_POST
@session_page
def renew(request: HttpRequest, found: CheckoutSession) -> HttpResponse:
    """A fresh session in the place of an expired one."""
    if read_form(request.POST.get("token", ""), found.public_id) is None:
        return redirect("checkout:session", found.public_id)
    now = clock.now()
    try:
        fresh = reusable_session(found.order, now) or create_session(
            tenant=found.tenant,
            order_id=found.order_id,
            success_url=found.success_url,
            cancel_url=found.cancel_url,
            locale=found.locale,
            now=now,
        )
    except SessionNotOpen:
        fresh = found
    return redirect("checkout:session", fresh.public_id)
