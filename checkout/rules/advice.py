"""What a customer is told after a decline: the cause, and the next step. Suspected fraud gets no detail.

>>> advice_for("declined", {"decline_code": "stolen_card"}) is advice_for("declined", {"decline_code": "generic_decline"})
True
>>> advice_for("declined", {"code": "payment_canceled"}) is advice_for("", {"decline_code": "payment_cancelled"})
True
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Advice:
    """A title that says what happened and a text that says what to do."""

    title: str | Promise
    text: str | Promise


_GENERIC = Advice(
    _("Your bank declined this card."),
    _("Nothing was charged. Use another card or method, or ask your bank why."),
)

# By decline code first, then by failure code. What is not here is generic: lost, stolen and suspicious cards above all.
_BY_CODE: Mapping[str, Advice] = {
    "insufficient_funds": Advice(
        _("There is not enough money on this card."),
        _("Nothing was charged. Use another card or method."),
    ),
    "expired_card": Advice(
        _("This card has expired."),
        _("Nothing was charged. Use a card that is still valid."),
    ),
    "incorrect_cvc": Advice(
        _("The security code does not match the card."),
        _("Nothing was charged. Check the code on the card and try again."),
    ),
    "incorrect_number": Advice(
        _("The card number is not right."),
        _("Nothing was charged. Check the number and try again."),
    ),
    "processing_error": Advice(
        _("The bank could not process the card just now."),
        _("Nothing was charged. Try again in a minute, or use another method."),
    ),
    "card_velocity_exceeded": Advice(
        _("This card has reached its limit."),
        _("Nothing was charged. Use another card or method, or ask your bank to raise the limit."),
    ),
    "authentication_failed": Advice(
        _("Your bank could not confirm that it was you."),
        _("Nothing was charged. Try again and confirm the payment with your bank, or use another method."),
    ),
    "authentication_required": Advice(
        _("Your bank wants you to confirm this payment."),
        _("Nothing was charged. Try again, or use another card."),
    ),
    "card_not_enabled_online": Advice(
        _("This card cannot be used for online payments."),
        _("Nothing was charged. Ask your bank to enable it, or use another card."),
    ),
    "payment_cancelled": Advice(
        _("You cancelled the payment at your bank."),
        _("Nothing was charged. Choose how you want to pay."),
    ),
    "payment_timed_out": Advice(
        _("Your bank did not answer in time."),
        _("Nothing was charged. Try again, or use another method."),
    ),
    "upi_declined": Advice(
        _("The UPI payment was declined."),
        _("Nothing was charged. Try again, or use another UPI ID or method."),
    ),
}
_CANCELED = Advice(_("The payment was cancelled."), _("Nothing was charged. Choose how you want to pay."))
_EXPIRED = Advice(
    _("The payment was not confirmed in time."),
    _("Nothing was charged. Try again, or use another method."),
)
_ABANDONED = Advice(
    _("The payment did not start."),
    _("Nothing was charged. Please enter your details again."),
)
_ALIASES: Mapping[str, str] = {
    "payment_canceled": "payment_cancelled",
    "technical_error": "processing_error",
    "authentication_error": "authentication_failed",
    "challenge_expired": "payment_timed_out",
    "not_sent_in_time": "processing_error",
}
_BY_OUTCOME: Mapping[str, Advice] = {"canceled": _CANCELED, "expired": _EXPIRED, "abandoned": _ABANDONED}


def advice_for(outcome: str, failure: Mapping[str, str]) -> Advice:
    """What to say after an attempt that ended with `outcome` and the payment's `failure` (may be empty)."""
    for said in (failure.get("decline_code") or "", failure.get("code") or ""):
        if advice := _BY_CODE.get(_ALIASES.get(said, said)):
            return advice
    return _BY_OUTCOME.get(outcome, _GENERIC)
