"""What can be done to a payment, each with its own small form: in a dialog, or on a page of its own without scripts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language

from dashboard.forms.payments import CancelForm, CaptureForm, RefundForm
from dashboard.forms.refusals import add_refusal
from dashboard.presenters.payment_dialogs import payment_dialogs
from dashboard.selectors.payment_story import story_of
from dashboard.services.once import once
from dashboard.views.page import Page, see_other
from dashboard.views.payments import payment_data, payment_with_all
from gateway.core import clock
from gateway.core.display import money_text
from gateway.core.errors import DomainError, Forbidden, NotFound
from gateway.core.opening import OpeningCall
from payments.models import Payment
from payments.services.cancel_payment import cancel_payment
from payments.services.capture_payment import capture_payment
from refunds.services.create_refund import create_refund


class PaymentAction(Page):
    """GET shows the form, POST does it once. A refusal comes back in the form, 422."""

    needs = "payments:read"
    place = "payments"
    name: ClassVar[str]
    form_class: ClassVar[Callable[..., forms.Form]]

    def run(self, payment: Payment, asked: dict[str, Any], call: OpeningCall) -> Any:
        """Call the service, and return what it made."""
        raise NotImplementedError

    def said(self, payment: Payment, asked: dict[str, Any]) -> str:
        """What the person reads when it is done."""
        raise NotImplementedError

    def get(self, request: HttpRequest, payment: str) -> HttpResponse:
        """The form on a page of its own."""
        if not self.seat.may(self.needs_to_write):
            raise Forbidden(f"Your role, {self.seat.role.label}, does not include this. Ask an administrator.")
        row = payment_with_all(self.seat, payment)
        return self._form(row, self.form_class(payment=row))

    def post(self, request: HttpRequest, payment: str) -> HttpResponse:
        """Do it, however often the button is pressed, once."""
        row = payment_with_all(self.seat, payment)
        form = self.form_class(request.POST, payment=row)
        if not form.is_valid():
            return self._form(row, form, status=422)
        asked = dict(form.cleaned_data)
        try:
            once(
                tenant=self.tenant,
                key=asked.pop("key"),
                path=request.path,
                body=asked,
                run=lambda call: self.run(row, asked, call),
                id_of=lambda made: made.id,
            )
        except (Forbidden, NotFound):
            raise
        except DomainError as refusal:
            return self._form(row, add_refusal(form, refusal), status=422)
        if not self.wants_fragment:
            messages.success(request, self.said(row, asked))
            return see_other(reverse("dashboard:payment", args=[row.public_id]))
        return self._done(row.public_id, self.said(row, asked))

    def _form(self, payment: Payment, form: forms.Form, *, status: int = 200) -> HttpResponse:
        data = {
            "form": form,
            "name": self.name,
            "payment": {
                "id": payment.public_id,
                "url": reverse("dashboard:payment", args=[payment.public_id]),
                "amount": payment.amount,
                "currency": payment.currency,
            },
            "action_url": reverse(f"dashboard:payment-{self.name}", args=[payment.public_id]),
            "in_dialog": self.wants_fragment,
        }
        if self.wants_fragment:
            return self.fragment("dashboard/payments/_action_form.html", data, status=status)
        return self.show("dashboard/payments/action.html", data, status=status)

    def _done(self, public_id: str, said: str) -> HttpResponse:
        """The payment's refunds as they are now, and everything else of the page that has changed, out of band."""
        payment = payment_with_all(self.seat, public_id)
        data = payment_data(story_of(payment), self.seat)
        dialogs = payment_dialogs(payment, data["payment"]["actions"])
        response = self.fragment("dashboard/payments/_done.html", {**data, "dialogs": dialogs, "oob": True})
        response.headers["HX-Retarget"] = "#payment-refunds"
        response.headers["HX-Reswap"] = "outerHTML"
        response.headers["HX-Trigger"] = json.dumps({"dialog-done": "", "toast": said})
        return response


class Refund(PaymentAction):
    """Send money back."""

    needs_to_write = "refunds:write"
    name = "refund"
    form_class = RefundForm

    def run(self, payment: Payment, asked: dict[str, Any], call: OpeningCall) -> Any:
        """Open the refund; the worker sends it."""
        return create_refund(
            tenant=self.tenant,
            payment_id=payment.id,
            amount=asked["amount"],
            reason=asked["reason"],
            now=clock.now(),
            call=call,
        )

    def said(self, payment: Payment, asked: dict[str, Any]) -> str:
        """The amount, and that it is on its way."""
        return f"Refund of {_money(asked['amount'], payment.currency)} is on its way to the bank."


class Capture(PaymentAction):
    """Take what is authorised."""

    needs_to_write = "payments:capture"
    name = "capture"
    form_class = CaptureForm

    def run(self, payment: Payment, asked: dict[str, Any], call: OpeningCall) -> Any:
        """Reserve the amount; the worker asks the bank."""
        return capture_payment(
            tenant=self.tenant,
            payment_id=payment.id,
            amount=asked["amount"],
            final=asked["final"],
            now=clock.now(),
            call=call,
        )

    def said(self, payment: Payment, asked: dict[str, Any]) -> str:
        """The amount, and that the bank is asked."""
        return f"Capture of {_money(asked['amount'], payment.currency)} was sent to the bank."


class Cancel(PaymentAction):
    """Give up a payment."""

    needs_to_write = "payments:write"
    name = "cancel"
    form_class = CancelForm

    def run(self, payment: Payment, asked: dict[str, Any], call: OpeningCall) -> Any:
        """Cancel here, or ask the bank to."""
        return cancel_payment(tenant=self.tenant, payment_id=payment.id, now=clock.now(), call=call)

    def said(self, payment: Payment, asked: dict[str, Any]) -> str:
        """That it is done, or will be."""
        return "The payment is being canceled."


def _money(amount: int, currency: str) -> str:
    return money_text(amount, currency, get_language() or "en")
