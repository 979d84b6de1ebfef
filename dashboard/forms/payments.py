"""What can be done to a payment: refund, capture, cancel."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dashboard.forms.fields import AmountField, KeyField, new_form_key
from payments.models import Payment


class RefundForm(forms.Form):
    """Send captured money back, all that is left or part of it."""

    REASONS = (
        ("requested_by_customer", _("Asked for by the customer")),
        ("duplicate", _("Duplicate")),
        ("fraudulent", _("Fraudulent")),
        ("other", _("Other")),
    )
    key = KeyField()
    reason = forms.ChoiceField(label=_("Reason"), choices=REASONS, widget=forms.Select({"class": "input"}))
    field_order = ("key", "amount", "reason")

    def __init__(self, *args: Any, payment: Payment, **kwargs: Any) -> None:
        kwargs.setdefault("prefix", "refund")
        kwargs["initial"] = {"key": new_form_key(), "amount": payment.amount_refundable} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        help_text = _("In %(currency)s. It goes back to the method that paid.") % {"currency": payment.currency}
        self.fields["amount"] = AmountField(payment.currency, help_text=help_text)
        self.order_fields(self.field_order)


class CaptureForm(forms.Form):
    """Take what is authorised, or part of it."""

    key = KeyField()
    final = forms.BooleanField(
        label=_("Give the rest back to the customer"),
        required=False,
        initial=True,
        widget=forms.CheckboxInput,
    )
    field_order = ("key", "amount", "final")

    def __init__(self, *args: Any, payment: Payment, **kwargs: Any) -> None:
        kwargs.setdefault("prefix", "capture")
        kwargs["initial"] = {"key": new_form_key(), "amount": payment.amount_capturable} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        help_text = _("In %(currency)s.") % {"currency": payment.currency}
        self.fields["amount"] = AmountField(payment.currency, help_text=help_text)
        self.order_fields(self.field_order)


class CancelForm(forms.Form):
    """Nothing to type: only that it is meant, once."""

    key = KeyField()

    def __init__(self, *args: Any, payment: Payment, **kwargs: Any) -> None:
        kwargs.setdefault("prefix", "cancel")
        kwargs["initial"] = {"key": new_form_key()} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
