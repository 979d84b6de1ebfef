"""Resolving an anomaly."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from payments.models import Anomaly
from payments.rules.anomaly_postings import AnomalyPosting, choices_for
from payments.rules.notes import NOTE_LENGTH


def posting_text(posting: str, amount: int) -> str:
    """A posting in words."""
    texts: dict[str, str] = {
        AnomalyPosting.CREDIT_MERCHANT: gettext("Credit it to the merchant's pending balance"),
        AnomalyPosting.CHARGE_MERCHANT: gettext("Charge it to the merchant"),
        AnomalyPosting.WRITE_OFF: gettext("Write it off as the gateway's gain")
        if amount > 0
        else gettext("Write it off as the gateway's loss"),
        "returned": gettext("The provider took it back"),
    }
    return texts[posting]


class ResolveForm(forms.Form):
    """Why, and where money is in suspense, what becomes of it."""

    note = forms.CharField(
        label=_("What you found out"),
        help_text=_("Whoever audits the books reads this. It stays."),
        max_length=NOTE_LENGTH,
        widget=forms.Textarea({"class": "input", "rows": 3}),
        error_messages={"required": _("Say what you found out.")},
    )
    field_order = ("posting", "note")

    def __init__(self, *args: Any, anomaly: Anomaly, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if choices := choices_for(anomaly.amount, is_staff=False):
            self.fields["posting"] = forms.ChoiceField(
                label=_("What becomes of the money"),
                help_text=_("Anything else is decided by the gateway's operator."),
                choices=[("", gettext("Choose")), *((str(one), posting_text(one, anomaly.amount)) for one in choices)],
                widget=forms.Select({"class": "input"}),
                error_messages={"required": _("Choose what becomes of the money in suspense.")},
            )
            self.order_fields(self.field_order)
