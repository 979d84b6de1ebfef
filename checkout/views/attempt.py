"""The page of one attempt: what the customer sees between the button and the outcome."""

from __future__ import annotations

from urllib.parse import urlsplit

from csp.constants import SELF
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from checkout import presenters
from checkout.models import CheckoutSession
from checkout.rules.form_tokens import read_form
from checkout.selectors.sessions import attempt_of, payment_of
from checkout.services.cancel_attempt import cancel_attempt
from checkout.services.follow_session import follow_session
from checkout.states import SessionStatus
from checkout.views.visits import session_page
from gateway.core import clock
from gateway.core.errors import Conflict, DomainError
from payments.models import Payment
from payments.services.request_sync import request_sync

SLOW_AFTER_S = 20
STEPS = ("returned", "canceling")


@require_safe
@session_page
def attempt(request: HttpRequest, found: CheckoutSession, number: int) -> HttpResponse:
    """Confirming, the bank's challenge, or on to where the attempt has ended."""
    visit = follow_session(session=found, now=clock.now())
    session = visit.session
    if session.status != SessionStatus.PROCESSING or session.attempt != number:
        return _onward(request, session)
    made = visit.attempt
    shown = presenters.waiting_page(session, made, visit.payment, number)
    step = request.GET.get("step", "")
    if not shown["challenge_url"]:
        is_slow = made is not None and (timezone.now() - made.started_at).total_seconds() > SLOW_AFTER_S
        return _waiting(request, "checkout/confirming.html", shown, state="slow" if is_slow else "confirming")
    if step in STEPS:  # first: the bank sends whoever has decided back at once, and we may not have asked it yet
        return _left(request, shown, step, visit.payment)
    if "framed" not in request.GET:
        return redirect(shown["challenge_url"])
    return _challenge(request, shown)


@require_safe
@session_page
def returned(request: HttpRequest, found: CheckoutSession, number: int) -> HttpResponse:
    """The way back from the bank. It proves nothing: it only makes us ask the provider now, and leaves the frame."""
    payment = payment_of(attempt_of(found, number))
    if payment is not None and payment.status == "requires_action":
        request_sync(payment_id=payment.id, tenant=found.tenant)
    page = reverse("checkout:attempt", args=[found.public_id, number])
    if "framed" not in request.GET:
        return redirect(f"{page}?step=returned")
    shown = {**presenters.seller(found.merchant, livemode=found.livemode), "page_url": f"{page}?framed=1&step=returned"}
    response = render(request, "checkout/returned.html", shown)
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response._csp_replace = {"frame-ancestors": [SELF]}  # type: ignore[attr-defined]  # what django-csp reads
    return response


@require_POST
@session_page
def cancel(request: HttpRequest, found: CheckoutSession, number: int) -> HttpResponse:
    """Back to the choice of method, once the bank has called the challenge off."""
    if read_form(request.POST.get("token", ""), found.public_id) is not None:
        try:
            cancel_attempt(session=found, number=number, now=clock.now())
        except Conflict:
            pass  # it has just been decided: the page says how
        except DomainError:
            pass  # the provider is away: the challenge stays, and so does the button
    page = reverse("checkout:attempt", args=[found.public_id, number])
    return redirect(f"{page}?framed=1&step=canceling")


def _left(request: HttpRequest, shown: presenters.Shown, step: str, payment: Payment | None) -> HttpResponse:
    """The customer has left the bank's page: the outcome is a moment away, and a link leads back in case it is not."""
    if payment is not None and "seen" not in request.GET:
        request_sync(payment_id=payment.id, tenant=payment.tenant)
    return _waiting(
        request, "checkout/confirming.html", {**shown, "step": step, "framed": "framed" in request.GET}, state=step
    )


def _challenge(request: HttpRequest, shown: presenters.Shown) -> HttpResponse:
    """The bank's page in a frame."""
    response = _waiting(request, "checkout/challenge.html", shown, state="challenge")
    parts = urlsplit(shown["challenge_url"])
    response._csp_update = {"frame-src": [f"{parts.scheme}://{parts.netloc}"]}  # type: ignore[attr-defined]
    return response


def _waiting(request: HttpRequest, template: str, shown: presenters.Shown, *, state: str) -> HttpResponse:
    """A waiting page. Its script asks again with the state that it shows: nothing new is 204, anything new is a reload."""
    seen = request.GET.get("seen")
    if seen is None:
        return render(request, template, {**shown, "state": state, "refresh_s": 2})
    if seen == state:
        return HttpResponse(status=204)
    return HttpResponse(headers={"HX-Refresh": "true"})


def _onward(request: HttpRequest, session: CheckoutSession) -> HttpResponse:
    page = reverse("checkout:session", args=[session.public_id])
    if "seen" in request.GET:
        return HttpResponse(headers={"HX-Redirect": page})
    return redirect(page)
