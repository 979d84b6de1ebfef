"""The press of the Pay button."""

from __future__ import annotations

import functools
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from checkout import presenters
from checkout.errors import AmountChanged, AttemptAlreadyMade, SessionNotOpen, TooManyAttempts
from checkout.forms import FORMS, CardForm, UpiForm
from checkout.models import CheckoutSession
from checkout.rules.form_tokens import FormToken, read_form
from checkout.selectors.sessions import last_ended_attempt
from checkout.services.follow_session import follow_session
from checkout.services.pay import Submission, pay
from checkout.states import SessionStatus
from checkout.views.visits import session_page
from gateway.api.client_address import client_address
from gateway.core import clock
from gateway.core.errors import Conflict, DomainError, Invalid, Unavailable

# The script, where it runs, sends the form itself (so that the number stays in its field) and follows this header.
SENT_BY_SCRIPT = "X-Checkout-Script"
GO_TO = "X-Checkout-Location"


def submit(request: HttpRequest, found: CheckoutSession, kind: str) -> HttpResponse:
    """One form, sent: to the attempt's page, or back with what is wrong."""
    token = read_form(request.POST.get("token", ""), found.public_id)
    visit = follow_session(session=found, now=clock.now())
    session = visit.session
    if token is not None and (token.attempt != session.attempt or session.status == SessionStatus.PROCESSING):
        return _go(request, reverse("checkout:attempt", args=[session.public_id, token.attempt]))
    if session.status != SessionStatus.OPEN or kind not in presenters.methods(visit.order):
        return _go(request, reverse("checkout:session", args=[session.public_id]))
    form = FORMS[kind](request.POST, auto_id=f"{kind}-%s")
    if token is None:
        return _again(
            request, session, form, (_("This page was out of date."), _("Check it and press the button again."))
        )
    if not form.is_valid():
        return _again(request, session, form)
    return _pay(request, session, form, token)


def _pay(request: HttpRequest, session: CheckoutSession, form: CardForm | UpiForm, token: FormToken) -> HttpResponse:
    framed = request.POST.get("framed") == "1"
    attempt_page = reverse("checkout:attempt", args=[session.public_id, token.attempt])
    submission = Submission(
        form=token,
        method=form.method(),
        return_url=f"{settings.PUBLIC_URL}{attempt_page}/return{_query(framed)}",
        address=client_address(request),
    )
    try:
        pay(session=session, submission=submission, now=clock.now())
    except AttemptAlreadyMade:
        pass  # a second press: the page of the first
    except SessionNotOpen:
        return _go(request, reverse("checkout:session", args=[session.public_id]))
    except DomainError as error:
        return _refused(request, session, form, error)
    return _go(request, f"{attempt_page}{_query(framed)}")


def _refused(
    request: HttpRequest, session: CheckoutSession, form: CardForm | UpiForm, error: DomainError
) -> HttpResponse:
    """Back to the form: nothing was charged, and it may be sent again."""
    if isinstance(error, TooManyAttempts):
        problem = (_("Too many attempts."), _("Nothing was charged. Wait a few minutes, then try again."))
        return _again(request, session, form, problem, status=429)
    if isinstance(error, AmountChanged):
        return _again(request, session, form, (_("The amount has changed."), _("Check it and press the button again.")))
    if isinstance(error, Invalid):
        for field, message in _field_messages(error):
            form.refuse(field, message)
        return _again(request, session, form)
    if isinstance(error, Conflict) and error.transient:
        problem = (_("Another payment of this order is on its way."), _("Wait a moment, then look again."))
        return _again(request, session, form, problem, status=409)
    if isinstance(error, Unavailable):
        problem = (_("The bank cannot be reached just now."), _("Nothing was charged. Try again in a minute."))
        return _again(request, session, form, problem, status=503)
    problem = (_("This payment is not possible just now."), _("Nothing was charged. Ask the seller what to do."))
    return _again(request, session, form, problem, status=409)


def _field_messages(error: Invalid) -> list[tuple[str, str]]:
    """The provider's and our own refusals, in the words and fields of the form."""
    words = {
        "test_mode_live_card": _("This is a test payment. Use a test card, for example 4242 4242 4242 4242."),
        "incorrect_number": str(CardForm.NUMBER["invalid"]),
        "invalid_cvc": str(CardForm.CVC["invalid"]),
        "incorrect_cvc": str(CardForm.CVC["invalid"]),
    }
    fields = {"number": "number", "exp_month": "expiry", "exp_year": "expiry", "cvc": "cvc", "holder_name": "name"}
    named = [
        (
            fields.get(wrong.field.rpartition(".")[2], wrong.field.rpartition(".")[2]),
            words.get(wrong.code, wrong.message),
        )
        for wrong in error.errors
    ]
    return named or [("", words.get(error.code, error.detail))]


def _again(
    request: HttpRequest,
    session: CheckoutSession,
    form: CardForm | UpiForm,
    problem: tuple[str, str] | None = None,
    *,
    status: int = 422,
) -> HttpResponse:
    visit = follow_session(session=session, now=clock.now())
    if visit.session.status != SessionStatus.OPEN:
        return _go(request, reverse("checkout:session", args=[session.public_id]))
    shown = presenters.pay_page(visit, last_ended_attempt(session), bound=form, problem=problem)
    # The script takes the form out of the answer; the inline style of a page that is only parsed breaks the policy.
    shown["sent_by_script"] = SENT_BY_SCRIPT in request.headers
    return render(request, "checkout/pay.html", shown, status=status)


def _go(request: HttpRequest, address: str) -> HttpResponse:
    if SENT_BY_SCRIPT in request.headers:
        return HttpResponse(status=204, headers={GO_TO: address})
    response = redirect(address)
    response.status_code = 303
    return response


def _query(framed: bool) -> str:
    return "?" + urlencode({"framed": 1}) if framed else ""


def _page_for(kind: str):  # type: ignore[no-untyped-def]  # the decorators know the type
    @sensitive_post_parameters()
    @require_POST
    @session_page
    @functools.wraps(submit)
    def sent(request: HttpRequest, found: CheckoutSession) -> HttpResponse:
        return submit(request, found, kind)

    return sent


card = _page_for("card")
upi = _page_for("upi")
