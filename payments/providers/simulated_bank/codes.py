"""The bank's decline codes, and what each means to the customer.

The message is for the paying customer: a cause and a next step. Where fraud is suspected it gives no detail, whatever
the code says to the merchant.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Decline:
    """`code` is the gateway's stable word, `advice` one of retry, use_other_method, contact_bank."""

    code: str
    advice: str
    message: str


_DECLINED_WITHOUT_DETAIL = Decline("card_declined", "use_other_method", "The card was declined. Use another method.")

DECLINES = {
    "generic_decline": Decline(
        "card_declined", "contact_bank", "The bank declined the payment. Ask it, or use another method."
    ),
    "card_declined": Decline(
        "card_declined", "contact_bank", "The bank declined the payment. Ask it, or use another method."
    ),
    "insufficient_funds": Decline(
        "card_declined", "use_other_method", "There is not enough money. Use another method."
    ),
    "lost_card": _DECLINED_WITHOUT_DETAIL,
    "stolen_card": _DECLINED_WITHOUT_DETAIL,
    "fraudulent": _DECLINED_WITHOUT_DETAIL,
    "card_velocity_exceeded": Decline("card_declined", "contact_bank", "The card is over its limit. Ask your bank."),
    "expired_card": Decline("expired_card", "use_other_method", "The card has expired. Use another one."),
    "incorrect_cvc": Decline("incorrect_cvc", "retry", "The security code is wrong. Check it and try again."),
    "processing_error": Decline("processing_error", "retry", "The bank could not process the payment. Try again."),
    "technical_error": Decline("processing_error", "retry", "The bank had a technical problem. Try again in a moment."),
    "payment_timed_out": Decline("payment_timed_out", "retry", "The bank did not answer in time. Try again."),
    "payment_cancelled": Decline("payment_canceled", "retry", "The payment was canceled. Nothing was charged."),
    "card_not_enabled_online": Decline(
        "card_declined", "contact_bank", "The card is not enabled for payments online. Ask your bank."
    ),
    "authentication_failed": Decline(
        "authentication_failed", "retry", "The bank could not confirm that it is you. Try again."
    ),
    "authentication_required": Decline(
        "authentication_required", "retry", "The bank wants you to confirm the payment yourself."
    ),
    "authentication_error": Decline(
        "authentication_failed", "retry", "The bank's confirmation did not work. Try again."
    ),
    "upi_declined": Decline(
        "payment_declined", "use_other_method", "Your bank declined the UPI payment. Use another method."
    ),
}


def decline_of(decline_code: str) -> Decline:
    """What a decline code means; an unknown one is a plain decline."""
    return DECLINES.get(decline_code, DECLINES["generic_decline"])
