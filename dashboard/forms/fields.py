"""Fields that several forms have."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from gateway.core.currencies import minor_digits
from gateway.core.ids import new_id
from gateway.core.money import MAX_AMOUNT, Money

_AMOUNT = re.compile(r"\d{1,13}(?:[.,]\d{1,4})?")


def new_form_key() -> str:
    """The idempotency key of one drawn form: however often it is sent, it happens once."""
    return f"form_{new_id().hex}"


class KeyField(forms.CharField):
    """The hidden field that carries it."""

    def __init__(self) -> None:
        super().__init__(max_length=64, widget=forms.HiddenInput)


class AmountField(forms.CharField):
    """An amount as people write it (49.99), read into minor units of one currency. Exact: no float is involved."""

    def __init__(self, currency: str, *, help_text: str = "") -> None:
        self.currency = currency
        digits = minor_digits(currency)
        example = Money(2500 * 10**digits // 100, currency).decimal()
        self.wrong = _("Write the amount in figures, like %(example)s.") % {"example": f"{example:.{digits}f}"}
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
        text = super().clean(value).strip().replace(" ", "").replace("\N{NO-BREAK SPACE}", "")
        if not text:
            return None
        if not _AMOUNT.fullmatch(text):
            raise forms.ValidationError(self.wrong)
        try:
            minor = Decimal(text.replace(",", ".")).scaleb(minor_digits(self.currency))
        except InvalidOperation as error:
            raise forms.ValidationError(self.wrong) from error
        if minor != minor.to_integral_value() or not 0 < minor <= MAX_AMOUNT:
            raise forms.ValidationError(self.wrong)
        return int(minor)
