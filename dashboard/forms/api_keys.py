"""API keys: create and rotate."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dashboard.forms.fields import DayField, KeyField, new_form_key
from merchants.rules.permissions import KEY_PERMISSIONS, PERMISSIONS


class ApiKeyForm(forms.Form):
    """A new key: its name, what it may do, and until when."""

    key = KeyField()
    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("Where it will be used, so that you know it again: Web shop, till 3."),
        error_messages={"required": _("Give the key a name.")},
        widget=forms.TextInput({"class": "input", "autocomplete": "off"}),
    )
    access = forms.ChoiceField(
        label=_("Access"),
        choices=(("all", _("Everything that a key may do")), ("some", _("Only what is marked below"))),
        initial="all",
        widget=forms.RadioSelect,
    )
    scopes = forms.MultipleChoiceField(label=_("Scopes"), required=False, widget=forms.CheckboxSelectMultiple)
    expires = DayField(
        label=_("Expires after"),
        help_text=_("The last day on which it works (UTC). Without one it works until it is revoked."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"key": new_form_key()} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        scopes = self.fields["scopes"]
        assert isinstance(scopes, forms.MultipleChoiceField)
        scopes.choices = [(name, words) for name, words in PERMISSIONS.items() if name in KEY_PERMISSIONS]

    def clean(self) -> dict[str, Any]:
        """Either everything, or at least one scope."""
        asked = super().clean() or self.cleaned_data
        if asked.get("access") == "some" and not asked.get("scopes"):
            self.add_error("scopes", _("Mark at least one scope, or choose everything."))
        return asked

    def wanted(self) -> dict[str, Any]:
        """What the service takes."""
        asked = self.cleaned_data
        last_day = asked.get("expires")
        return {
            "name": asked["name"],
            "scopes": asked["scopes"] if asked["access"] == "some" else None,
            "expires_at": datetime.combine(last_day + timedelta(days=1), time(), UTC) if last_day else None,
        }


class RotateForm(forms.Form):
    """A new secret, and how long the old one works beside it."""

    OVERLAPS = (("24", _("24 hours")), ("168", _("7 days")), ("1", _("1 hour")), ("0", _("Not at all: it ends now")))
    key = KeyField()
    overlap = forms.ChoiceField(
        label=_("The old secret keeps working for"), choices=OVERLAPS, widget=forms.Select({"class": "input"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"key": new_form_key()} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)

    def period(self) -> timedelta:
        """The overlap."""
        return timedelta(hours=int(self.cleaned_data["overlap"]))
