"""Resolving an anomaly."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dashboard.presenters.anomalies import posting_text
from payments.models import Anomaly
from payments.rules.anomaly_postings import choices_for
from payments.services.resolve_anomaly import NOTE_LENGTH


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
        if choices := choices_for(anomaly.amount):
            self.fields["posting"] = forms.ChoiceField(
                label=_("What becomes of the money"),
                choices=[("", _("Choose")), *((str(one), posting_text(one, anomaly.amount)) for one in choices)],
                widget=forms.Select({"class": "input"}),
                error_messages={"required": _("Choose what becomes of the money in suspense.")},
            )
            self.order_fields(self.field_order)
