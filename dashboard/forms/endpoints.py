"""Webhook endpoints: where events go, and which."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dashboard.forms.fields import KeyField, new_form_key


class EndpointForm(forms.Form):
    """An address, the events it wants, and a note. Whether we may call the address is the service's to say."""

    key = KeyField()
    url = forms.CharField(
        label=_("Address"),
        max_length=2000,
        help_text=_("An https address of your server that takes POST requests."),
        error_messages={"required": _("Enter the address that events are sent to.")},
        widget=forms.TextInput({"class": "input", "inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
    )
    enabled_events = forms.CharField(
        label=_("Events"),
        initial="*",
        help_text=_("One a line: * for all, a family such as payment.*, or a name such as order.paid."),
        error_messages={"required": _("Name at least one event, or * for all.")},
        widget=forms.Textarea({"class": "input mono", "rows": 4, "spellcheck": "false"}),
    )
    description = forms.CharField(
        label=_("Description"),
        max_length=200,
        required=False,
        widget=forms.TextInput({"class": "input", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"key": new_form_key()} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)

    def clean_enabled_events(self) -> list[str]:
        """The names, in the order they were written."""
        return list(dict.fromkeys(self.cleaned_data["enabled_events"].replace(",", " ").split()))

    def wanted(self) -> dict[str, Any]:
        """What the services take."""
        return {name: self.cleaned_data[name] for name in ("url", "enabled_events", "description")}


class RotateSecretForm(forms.Form):
    """A new signing secret, and how long the old one signs beside it."""

    OVERLAPS = (("24", _("24 hours")), ("168", _("7 days")), ("1", _("1 hour")), ("0", _("Not at all: it ends now")))
    key = KeyField()
    overlap = forms.ChoiceField(
        label=_("The old secret keeps signing for"), choices=OVERLAPS, widget=forms.Select({"class": "input"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"key": new_form_key()} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)

    def period(self) -> timedelta:
        """The overlap."""
        return timedelta(hours=int(self.cleaned_data["overlap"]))
