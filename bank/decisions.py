"""What the issuer says: pure functions from a test input to an outcome.

>>> from bank.cards import NAMED_CARDS
>>> decide_card(NAMED_CARDS["pm_card_visa"], Circumstances()).approved
True
>>> decide_card(NAMED_CARDS["pm_card_authenticationRequired"], Circumstances()).challenge
'three_d_secure'
>>> decide_card(NAMED_CARDS["pm_card_visa"], Circumstances(forced_decline="expired_card")).decline
'expired_card'
"""

from __future__ import annotations

from dataclasses import dataclass

from bank.cards import Card, ThreeDSecure, UpiOutcome

RISK_SCORES = {"normal": 12, "elevated": 66, "highest": 92, "blocked": 99}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known about one authorisation beside the card."""

    forced_decline: str = ""  # by the holder's name, or as instructed
    forced_challenge: bool = False
    cvc_given: bool = True
    authentication_wanted: bool = False  # the merchant asked for 3-D Secure
    off_session: bool = False  # the customer is not present
    set_up: bool = False  # authenticated before, for later use


@dataclass(frozen=True, slots=True)
class Decision:
    """`challenge` asks the customer first; otherwise `decline` is the reason, or empty for yes."""

    decline: str = ""
    challenge: str = ""  # three_d_secure | upi
    three_d_secure: str = "not_requested"
    risk: str = "normal"

    @property
    def approved(self) -> bool:
        """Whether the money is there, without asking anybody."""
        return not self.decline and not self.challenge

    @property
    def risk_score(self) -> int:
        """0 to 99, as processors show it."""
        return RISK_SCORES[self.risk]


def decide_card(card: Card, circumstances: Circumstances) -> Decision:
    """The issuer's first answer. Blocked risk and forced outcomes come before authentication, declines after it."""
    if card.risk == "blocked":
        return Decision(decline=card.decline, risk=card.risk)
    if circumstances.forced_decline:
        return Decision(decline=circumstances.forced_decline, risk=card.risk)
    authentication = (
        "challenge" if circumstances.forced_challenge else _authentication(card.three_d_secure, circumstances)
    )
    if authentication == "error":
        return Decision(decline="authentication_error", three_d_secure="error", risk=card.risk)
    if authentication == "challenge":
        if circumstances.off_session:
            return Decision(decline="authentication_required", three_d_secure="required", risk=card.risk)
        return Decision(challenge="three_d_secure", three_d_secure="challenged", risk=card.risk)
    return Decision(decline=charge_decline(card, circumstances), three_d_secure=authentication, risk=card.risk)


def charge_decline(card: Card, circumstances: Circumstances) -> str:
    """Why the charge itself is declined, or "". A wrong CVC can only be noticed when one was given."""
    if card.decline == "incorrect_cvc" and not circumstances.cvc_given:
        return ""
    return card.decline


def decide_upi(outcome: UpiOutcome, circumstances: Circumstances) -> Decision:
    """What the customer's bank says to a UPI collect request."""
    if circumstances.forced_decline:
        return Decision(decline=circumstances.forced_decline)
    if outcome is UpiOutcome.DECLINES:
        return Decision(decline="upi_declined")
    if outcome is UpiOutcome.ASKS:
        return Decision(challenge="upi")
    return Decision()


_WHEN_ASKED_FOR = {
    ThreeDSecure.NOT_SUPPORTED: "not_supported",
    ThreeDSecure.NOT_ENROLLED: "not_enrolled",
    ThreeDSecure.OPTIONAL: "challenge",
    ThreeDSecure.OPTIONAL_ERROR: "error",
}
_ALWAYS = {ThreeDSecure.REQUIRED: "challenge", ThreeDSecure.REQUIRED_ERROR: "error"}


def _authentication(behaviour: ThreeDSecure, circumstances: Circumstances) -> str:
    """`challenge`, `error`, or the result word of a payment that goes on without a challenge."""
    if behaviour in _WHEN_ASKED_FOR:
        return _WHEN_ASKED_FOR[behaviour] if circumstances.authentication_wanted else "not_requested"
    if behaviour in _ALWAYS:
        return _ALWAYS[behaviour]
    set_up = circumstances.set_up or behaviour is ThreeDSecure.ALREADY_SET_UP
    return "exempt" if circumstances.off_session and set_up else "challenge"
