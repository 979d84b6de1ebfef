"""Filters of lists. They live in the URL; what is wrong there is said beside the field and filters nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dashboard.forms.fields import AmountField, DayField
from gateway.core.currencies import is_currency


class ListFilters(forms.Form):
    """What every list can be asked for: words, and a range of days (UTC, both included)."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=200,
        widget=forms.TextInput({"class": "input search", "type": "search"}),
    )
    start = DayField(label=_("From"))
    end = DayField(label=_("To"))

    def cleaned(self) -> dict[str, Any]:
        """What is asked for and understood."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}

    def lookups(self) -> dict[str, Any]:
        """The same as conditions on rows with `created_at`; words are not among them."""
        asked = self.cleaned()
        found: dict[str, Any] = {}
        if "start" in asked:
            found["created_at__gte"] = datetime.combine(asked["start"], time(), UTC)
        if "end" in asked:
            found["created_at__lt"] = datetime.combine(asked["end"] + timedelta(days=1), time(), UTC)
        return found

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is asked for: an empty list then means *no match*, not *nothing yet*."""
        return bool(self.cleaned())


class StatusFilters(ListFilters):
    """Lists of things with a status; the tabs above the list are links with `?status=`."""

    status = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, statuses: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.statuses = frozenset(statuses)

    def clean_status(self) -> list[str]:
        """One status, or several with commas between."""
        words = [word for word in self.cleaned_data["status"].split(",") if word]
        if not self.statuses.issuperset(words):
            raise forms.ValidationError(_("There is no such status."))
        return words

    def cleaned(self) -> dict[str, Any]:
        """What is asked for and understood."""
        return {name: value for name, value in super().cleaned().items() if value != []}

    def lookups(self) -> dict[str, Any]:
        """With the status."""
        asked = self.cleaned()
        return super().lookups() | ({"status__in": asked["status"]} if "status" in asked else {})


class MoneyFilters(StatusFilters):
    """Lists of things with an amount. Amounts are compared within one currency."""

    currency = forms.CharField(
        label=_("Currency"),
        required=False,
        max_length=3,
        widget=forms.TextInput({"class": "input input-code", "placeholder": "EUR", "autocomplete": "off"}),
    )
    least = forms.CharField(label=_("Amount from"), required=False, max_length=20)
    most = forms.CharField(label=_("Amount to"), required=False, max_length=20)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("least", "most"):
            self.fields[name].widget.attrs |= {"class": "input input-amount", "inputmode": "decimal"}

    def clean_currency(self) -> str:
        """A currency code in upper case."""
        code: str = self.cleaned_data["currency"].upper()
        if code and not is_currency(code):
            raise forms.ValidationError(_("Write a currency code like EUR."))
        return code

    def clean(self) -> dict[str, Any]:
        """Amounts, once their currency is known."""
        asked = super().clean() or self.cleaned_data
        for name in ("least", "most"):
            text = asked.get(name)
            if not text:
                continue
            if not asked.get("currency"):
                asked.pop(name)
                self.add_error(name, _("Name the currency of this amount."))
                continue
            try:
                asked[name] = AmountField(asked["currency"]).clean(text)
            except forms.ValidationError as error:
                asked.pop(name)
                self.add_error(name, error)
        return asked

    def lookups(self) -> dict[str, Any]:
        """With currency and amounts."""
        asked = self.cleaned()
        names = {"currency": "currency", "least": "amount__gte", "most": "amount__lte"}
        return super().lookups() | {lookup: asked[name] for name, lookup in names.items() if name in asked}
