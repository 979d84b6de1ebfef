"""Fields that several forms have."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext_lazy as _

from dashboard.rules.typed_amount import minor_units
from gateway.core.currencies import minor_digits
from gateway.core.ids import new_id
from gateway.core.money import MAX_AMOUNT, Money


def new_form_key() -> str:
    """The idempotency key of one drawn form: however often it is sent, it happens once."""
    return f"form_{new_id().hex}"


class KeyField(forms.CharField):
    """The hidden field that carries it."""

    def __init__(self) -> None:
        super().__init__(max_length=64, widget=forms.HiddenInput)


class DayField(forms.DateField):
    """A day, chosen in the browser's calendar. Far ones are refused: the calendar of computers ends, and days are added."""

    LAST = date(2999, 12, 31)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False,
            widget=forms.DateInput({"class": "input", "type": "date", "max": self.LAST.isoformat()}),
            validators=[MaxValueValidator(self.LAST, _("Choose a day before the year 3000."))],
            **kwargs,
        )


class AmountField(forms.CharField):
    """An amount as people write it (49.99), read into minor units of one currency. Exact: no float is involved."""

    def __init__(self, currency: str, *, help_text: str = "") -> None:
        self.currency = currency
        self.wrong = _("Write the amount in figures, like %(small)s or %(large)s.") % {
            "small": self._written(25),
            "large": self._written(1000),
        }
        widget = forms.TextInput({"class": "input", "inputmode": "decimal", "autocomplete": "off"})
        super().__init__(
            label=_("Amount"),
            help_text=help_text,
            max_length=20,
            widget=widget,
            error_messages={"required": _("Enter an amount.")},
        )

    def prepare_value(self, value: Any) -> Any:
        """Minor units as they are written in the field; what was typed stays as it was typed."""
        if isinstance(value, int):
            return f"{Money(value, self.currency).decimal():.{minor_digits(self.currency)}f}"
        return value

    def clean(self, value: Any) -> Any:
        """The amount in minor units; None when the field may be empty and is."""
        text = super().clean(value).strip()
        if not text:
            return None
        minor = minor_units(text, self.currency)
        if minor is None or not 0 < minor <= MAX_AMOUNT:
            raise forms.ValidationError(self.wrong)
        return minor

    def _written(self, units: int) -> str:
        """Whole units as the pages print them: the way in which an amount is understood for certain."""
        return f"{units:,}.{'0' * minor_digits(self.currency)}".rstrip(".")
