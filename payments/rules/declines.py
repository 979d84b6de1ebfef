"""What is told when a payment did not work. The merchant sees the issuer's code; the words for the customer say nothing
of suspected theft or fraud.

>>> shown_failure(code="card_declined", decline_code="stolen_card", message="Stolen!")["message"]
'The card was declined.'
>>> shown_failure(code="card_declined", decline_code="insufficient_funds")["advice"]
'use_other_method'
"""

from __future__ import annotations

# What an issuer suspects is never passed on to whoever holds the card.
_SUSPICIONS = frozenset(
    {"lost_card", "stolen_card", "pickup_card", "fraudulent", "merchant_blacklist", "restricted_card"}
)

_MESSAGES = {
    "generic_decline": "The card was declined.",
    "insufficient_funds": "The card has insufficient funds.",
    "expired_card": "The card has expired.",
    "incorrect_cvc": "The security code is incorrect.",
    "card_velocity_exceeded": "The card has reached a limit.",
    "processing_error": "The bank could not process the payment.",
    "authentication_failed": "The payment was not confirmed with the bank.",
    "challenge_expired": "The payment was not confirmed in time.",
    "order_no_longer_payable": "The order was paid or closed in the meantime.",
    "not_sent_in_time": "The payment could not be sent to the bank in time. Nothing was charged.",
    "canceled": "The payment was canceled.",
}
_ADVICE = {
    "generic_decline": "use_other_method",
    "insufficient_funds": "use_other_method",
    "expired_card": "use_other_method",
    "incorrect_cvc": "retry",
    "card_velocity_exceeded": "contact_bank",
    "processing_error": "retry",
    "authentication_failed": "retry",
    "challenge_expired": "retry",
    "not_sent_in_time": "retry",
    "canceled": "retry",
}


def shown_failure(*, code: str, decline_code: str = "", message: str = "", advice: str = "") -> dict[str, str | None]:
    """The `failure` of a payment: code, decline_code, message, advice."""
    key = decline_code or code
    if decline_code in _SUSPICIONS:
        key, message, advice = "generic_decline", "", "contact_bank"
    return {
        "code": code,
        "decline_code": decline_code or None,
        "message": message or _MESSAGES.get(key, "The payment did not succeed."),
        "advice": advice or _ADVICE.get(key, "use_other_method"),
    }
