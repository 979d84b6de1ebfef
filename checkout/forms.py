"""What the customer types. Empty, incomplete and invalid are three messages; card number and code never go back to a page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from stdnum import luhn

from checkout.rules.card_typing import cvc_problem, digits_of, number_problem, parse_expiry
from payments.providers.base import CardInput, UpiInput
from payments.rules.upi import is_vpa

CARD_DIGITS_MIN = 12


class TypedAgain(forms.TextInput):
    """An input whose value is never rendered: after an error it is typed again."""

    def format_value(self, value: Any) -> None:
        """Nothing, whatever was sent."""
        return


class Echoed(forms.TextInput):
    """An input that shows again what was typed, unless that looks like a card number in the wrong place."""

    def format_value(self, value: Any) -> str | None:
        """What was typed, or nothing."""
        text = super().format_value(value)
        return None if text is None or sum(character.isdigit() for character in text) >= CARD_DIGITS_MIN else text


class PayForm(forms.Form):
    """One method's form. Field ids are the same with and without errors, so that links and scripts find them."""

    error_css_class = "field-wrong"
    use_required_attribute = False  # the browser's bubbles say less than our messages, in another language

    def focus_first_error(self) -> None:
        """The first wrong field takes the focus, without a script too."""
        for name in self.fields:
            if name in self.errors:
                self.fields[name].widget.attrs["autofocus"] = True
                return

    def refuse(self, field: str, message: str) -> None:
        """A field that the provider refused."""
        self.add_error(field if field in self.fields else None, message)


class CardForm(PayForm):
    """A card, as printed on it."""

    number = forms.CharField(
        label=_("Card number"),
        required=False,
        widget=TypedAgain(
            {
                "class": "input input-figures",
                "autocomplete": "cc-number",
                "inputmode": "numeric",
                "data-card-number": "",
                "data-keep": "",
                "aria-required": "true",
                "maxlength": "40",
                "spellcheck": "false",
            }
        ),
    )
    expiry = forms.CharField(
        label=_("Expiry date"),
        required=False,
        widget=Echoed(
            {
                "class": "input input-figures",
                "autocomplete": "cc-exp",
                "inputmode": "numeric",
                "placeholder": _("MM / YY"),
                "data-card-expiry": "",
                "aria-required": "true",
            }
        ),
    )
    cvc = forms.CharField(
        label=_("Security code"),
        required=False,
        widget=TypedAgain(
            {
                "class": "input input-figures",
                "autocomplete": "cc-csc",
                "inputmode": "numeric",
                "aria-required": "true",
                "spellcheck": "false",
            }
        ),
    )
    name = forms.CharField(
        label=_("Name on card"),
        required=False,
        max_length=120,
        widget=Echoed({"class": "input", "autocomplete": "cc-name", "aria-required": "true", "spellcheck": "false"}),
    )

    NUMBER = {
        "empty": _("Enter the card number."),
        "incomplete": _("The card number is too short. Enter all its digits."),
        "invalid": _("This card number is not right. Check each digit."),
    }
    EXPIRY = {
        "empty": _("Enter the expiry date."),
        "incomplete": _("Enter the month and the year, for example 04 / 30."),
        "invalid": _("This is no date on a card. Enter it like 04 / 30."),
        "past": _("This card has expired. Use another card."),
    }
    CVC = {
        "empty": _("Enter the security code."),
        "incomplete": _("The security code is too short. It has 3 digits, or 4 on American Express."),
        "invalid": _("This security code is not right. It has 3 digits, or 4 on American Express."),
    }

    def clean_number(self) -> str:
        """The digits."""
        typed: str = self.cleaned_data["number"]
        if problem := number_problem(typed):
            raise forms.ValidationError(self.NUMBER[problem], code=problem)
        return digits_of(typed)

    def clean_expiry(self) -> tuple[int, int]:
        """Month and year; a card is good to the end of its month."""
        parsed = parse_expiry(self.cleaned_data["expiry"])
        if isinstance(parsed, str):
            raise forms.ValidationError(self.EXPIRY[parsed], code=parsed)
        month, year = parsed
        today = timezone.now()
        if (year, month) < (today.year, today.month):
            raise forms.ValidationError(self.EXPIRY["past"], code="past")
        if year > today.year + 50:
            raise forms.ValidationError(self.EXPIRY["invalid"], code="invalid")
        return parsed

    def clean_cvc(self) -> str:
        """The code; its length depends on the card."""
        typed: str = self.cleaned_data["cvc"]
        if problem := cvc_problem(typed, self.data.get("number", "")):
            raise forms.ValidationError(self.CVC[problem], code=problem)
        return digits_of(typed)

    def clean_name(self) -> str:
        """The holder's name: somebody who types the number here has slipped a line."""
        name: str = self.cleaned_data["name"]
        if not name:
            raise forms.ValidationError(_("Enter the name on the card."), code="empty")
        if sum(character.isdigit() for character in name) >= 6:
            raise forms.ValidationError(_("This is not a name. Enter the name as it is on the card."), code="invalid")
        return name

    def method(self) -> CardInput:
        """The card, in memory, for the tokenisation call."""
        month, year = self.cleaned_data["expiry"]
        return CardInput(
            number=self.cleaned_data["number"],
            exp_month=month,
            exp_year=year,
            cvc=self.cleaned_data["cvc"],
            holder_name=self.cleaned_data["name"],
        )


class UpiForm(PayForm):
    """A UPI address."""

    vpa = forms.CharField(
        label=_("UPI ID"),
        required=False,
        max_length=255,
        help_text=_("For example name@bank. You approve the payment in your UPI app."),
        widget=Echoed(
            {
                "class": "input",
                "autocomplete": "off",
                "autocapitalize": "none",
                "inputmode": "email",
                "aria-required": "true",
                "spellcheck": "false",
            }
        ),
    )

    def clean_vpa(self) -> str:
        """The address, in the spelling that the providers use."""
        vpa: str = self.cleaned_data["vpa"].strip()
        if not vpa:
            raise forms.ValidationError(_("Enter your UPI ID."), code="empty")
        if "@" not in vpa or vpa.endswith("@") or vpa.startswith("@"):
            raise forms.ValidationError(_("The UPI ID is not complete. It looks like name@bank."), code="incomplete")
        name = vpa.partition("@")[0]
        if not is_vpa(vpa) or (len(name) >= CARD_DIGITS_MIN and luhn.is_valid(name)):
            raise forms.ValidationError(_("This UPI ID is not right. It looks like name@bank."), code="invalid")
        return vpa

    def method(self) -> UpiInput:
        """The address for the tokenisation call."""
        return UpiInput(vpa=self.cleaned_data["vpa"])


FORMS: dict[str, type[CardForm] | type[UpiForm]] = {"card": CardForm, "upi": UpiForm}
