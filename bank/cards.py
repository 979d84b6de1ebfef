"""The published test inputs and what this bank does with each: one table to read.

The numbers are those that Stripe, Razorpay and Adyen publish in their documentation, with the outcomes known there.
The bank knows no other number: what is not in this table is refused at tokenisation, and no number is ever kept.

>>> CARDS_BY_NUMBER["4000000000009995"].decline
'insufficient_funds'
>>> NAMED_CARDS["pm_card_visa"].number
'4242424242424242'
>>> passes_luhn("4242424242424241")
False
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ThreeDSecure(StrEnum):
    """What the card's issuer does about 3-D Secure."""

    NOT_ENROLLED = "not_enrolled"  # asking for it changes nothing
    NOT_SUPPORTED = "not_supported"
    OPTIONAL = "optional"  # a challenge only when the merchant asks for one
    OPTIONAL_ERROR = "optional_error"  # when the merchant asks, the lookup fails
    REQUIRED = "required"
    REQUIRED_ERROR = "required_error"  # the lookup fails
    UNLESS_SET_UP = "unless_set_up"  # always with the customer present; without, unless set up before
    ALREADY_SET_UP = "already_set_up"  # always with the customer present; never without


class RefundOutcome(StrEnum):
    """What becomes of a refund to this card."""

    SUCCEEDS = "succeeds"
    PENDING = "pending"  # no outcome at first; it succeeds later
    FAILS = "fails"  # it succeeds, and the issuer returns the money later
    REJECTED = "rejected"  # no outcome at first; it fails later and no money has moved


@dataclass(frozen=True, slots=True)
class Card:
    """One published number. `name` is what the vault keeps instead of the number; `decline` strikes every charge."""

    number: str
    name: str
    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    decline: str = ""
    risk: str = "normal"  # normal | elevated | highest | blocked
    cvc_check: str = "pass"
    line1_check: str = "pass"
    postal_code_check: str = "pass"
    three_d_secure: ThreeDSecure = ThreeDSecure.NOT_ENROLLED
    refund: RefundOutcome = RefundOutcome.SUCCEEDS
    aliases: tuple[str, ...] = ()  # pm_card_...: names that server code may use in place of the number


T = ThreeDSecure

CARDS: tuple[Card, ...] = (
    # --- success ---
    Card("4242424242424242", "visa", aliases=("pm_card_visa",)),
    Card("4000056655665556", "visa_debit", funding="debit", aliases=("pm_card_visa_debit",)),
    Card("5555555555554444", "mastercard", brand="mastercard", aliases=("pm_card_mastercard",)),
    Card("2223003122003222", "mastercard_2_series", brand="mastercard"),
    Card("5200828282828210", "mastercard_debit", "mastercard", "debit", aliases=("pm_card_mastercard_debit",)),
    Card("5105105105105100", "mastercard_prepaid", "mastercard", "prepaid", aliases=("pm_card_mastercard_prepaid",)),
    Card(
        "378282246310005",
        "amex",
        brand="amex",
        three_d_secure=T.NOT_SUPPORTED,
        aliases=("pm_card_amex", "pm_card_amex_threeDSecureNotSupported"),
    ),
    Card("371449635398431", "amex_second", brand="amex"),
    Card("6011111111111117", "discover", brand="discover", aliases=("pm_card_discover",)),
    Card("6011000990139424", "discover_second", brand="discover"),
    Card("6011981111111113", "discover_debit", brand="discover", funding="debit"),
    Card("3056930009020004", "diners", brand="diners", aliases=("pm_card_diners",)),
    Card("36227206271667", "diners_14_digits", brand="diners"),
    Card("3566002020360505", "jcb", brand="jcb", country="JP", aliases=("pm_card_jcb",)),
    Card("6200000000000005", "unionpay", brand="unionpay", country="CN", aliases=("pm_card_unionpay",)),
    Card("6200000000000047", "unionpay_debit", brand="unionpay", funding="debit", country="CN"),
    Card("6205500000000000004", "unionpay_19_digits", brand="unionpay", country="CN"),
    Card("6555900000604105", "bccard", brand="bccard", country="KR"),
    Card("6527658900001005", "rupay", brand="rupay", country="IN"),
    Card("4100280000001007", "visa_india", country="IN", aliases=("pm_card_in",)),
    Card("5500670000001002", "mastercard_india", brand="mastercard", country="IN"),
    # --- declined by the issuer ---
    Card(
        "4000000000000002",
        "declined_generic",
        decline="generic_decline",
        aliases=("pm_card_chargeDeclined", "pm_card_visa_chargeDeclined"),
    ),
    Card(
        "4000000000009995",
        "declined_insufficient_funds",
        decline="insufficient_funds",
        aliases=("pm_card_chargeDeclinedInsufficientFunds", "pm_card_visa_chargeDeclinedInsufficientFunds"),
    ),
    Card(
        "4000000000009987",
        "declined_lost_card",
        decline="lost_card",
        aliases=("pm_card_chargeDeclinedLostCard", "pm_card_visa_chargeDeclinedLostCard"),
    ),
    Card(
        "4000000000009979",
        "declined_stolen_card",
        decline="stolen_card",
        aliases=("pm_card_chargeDeclinedStolenCard", "pm_card_visa_chargeDeclinedStolenCard"),
    ),
    Card(
        "4000000000006975",
        "declined_card_velocity_exceeded",
        decline="card_velocity_exceeded",
        aliases=("pm_card_chargeDeclinedVelocityLimitExceeded", "pm_card_visa_chargeDeclinedVelocityLimitExceeded"),
    ),
    Card(
        "4000000000000069",
        "declined_expired_card",
        decline="expired_card",
        aliases=("pm_card_chargeDeclinedExpiredCard",),
    ),
    Card(
        "4000000000000127",
        "declined_incorrect_cvc",
        cvc_check="fail",
        decline="incorrect_cvc",
        aliases=("pm_card_chargeDeclinedIncorrectCvc",),
    ),
    Card(
        "4000000000000119",
        "declined_processing_error",
        decline="processing_error",
        aliases=("pm_card_chargeDeclinedProcessingError",),
    ),
    Card(
        "4000000000000341",
        "declined_after_saving",
        decline="generic_decline",
        aliases=("pm_card_chargeCustomerFail",),
    ),
    # --- risk ---
    Card("4100000000000019", "risk_blocked", risk="blocked", decline="fraudulent", aliases=("pm_card_radarBlock",)),
    Card("4000000000004954", "risk_highest", risk="highest", aliases=("pm_card_riskLevelHighest",)),
    Card("4000000000009235", "risk_elevated", risk="elevated", aliases=("pm_card_riskLevelElevated",)),
    # --- checks: the charge succeeds and says what did not match ---
    Card("4000000000000101", "check_cvc_fails", cvc_check="fail", aliases=("pm_card_cvcCheckFail",)),
    Card("4000000000000036", "check_postal_code_fails", postal_code_check="fail", aliases=("pm_card_avsZipFail",)),
    Card("4000000000000028", "check_line1_fails", line1_check="fail", aliases=("pm_card_avsLine1Fail",)),
    Card(
        "4000000000000010",
        "check_address_fails",
        line1_check="fail",
        postal_code_check="fail",
        aliases=("pm_card_avsFail",),
    ),
    Card(
        "4000000000000044",
        "check_address_unavailable",
        line1_check="unavailable",
        postal_code_check="unavailable",
        aliases=("pm_card_avsUnchecked",),
    ),
    # --- 3-D Secure ---
    Card("4000000000003220", "3ds_required", three_d_secure=T.REQUIRED, aliases=("pm_card_threeDSecure2Required",)),
    Card(
        "4000008400001629",
        "3ds_required_declined",
        three_d_secure=T.REQUIRED,
        decline="generic_decline",
        aliases=("pm_card_threeDSecureRequiredChargeDeclined",),
    ),
    Card(
        "4000008400001280",
        "3ds_required_error",
        three_d_secure=T.REQUIRED_ERROR,
        aliases=("pm_card_threeDSecureRequiredProcessingError",),
    ),
    Card("4000000000003055", "3ds_optional", three_d_secure=T.OPTIONAL, aliases=("pm_card_threeDSecureOptional",)),
    Card(
        "4000000000003097",
        "3ds_optional_error",
        three_d_secure=T.OPTIONAL_ERROR,
        aliases=("pm_card_threeDSecureOptionalProcessingError",),
    ),
    Card(
        "4000002500003155",
        "3ds_unless_set_up",
        country="FR",
        three_d_secure=T.UNLESS_SET_UP,
        aliases=("pm_card_authenticationRequiredOnSetup",),
    ),
    Card(
        "4000002760003184",
        "3ds_always",
        country="DE",
        three_d_secure=T.REQUIRED,
        aliases=("pm_card_authenticationRequired",),
    ),
    Card(
        "4000003800000446",
        "3ds_already_set_up",
        country="IT",
        three_d_secure=T.ALREADY_SET_UP,
        aliases=("pm_card_authenticationRequiredSetupForOffSession",),
    ),
    Card(
        "4000008260003178",
        "3ds_then_insufficient_funds",
        country="GB",
        three_d_secure=T.UNLESS_SET_UP,
        decline="insufficient_funds",
        aliases=("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",),
    ),
    # --- refunds with an outcome of their own ---
    Card("4000000000007726", "refund_pending", refund=RefundOutcome.PENDING, aliases=("pm_card_pendingRefund",)),
    Card("4000000000005126", "refund_fails", refund=RefundOutcome.FAILS, aliases=("pm_card_refundFail",)),
    # --- plain successes here; their later life (disputes, early settlement) is not simulated ---
    Card("4000000000000259", "dispute_fraudulent", aliases=("pm_card_createDispute",)),
    Card("4000000000002685", "dispute_not_received", aliases=("pm_card_createDisputeProductNotReceived",)),
    Card("4000000000001976", "dispute_inquiry", aliases=("pm_card_createDisputeInquiry",)),
    Card("4000000000005423", "dispute_early_warning", aliases=("pm_card_createIssuerFraudRecord",)),
    Card("4000000000000077", "settles_at_once", aliases=("pm_card_bypassPending",)),
    # --- India ---
    Card("4100280000090000", "india_timed_out", country="IN", decline="payment_timed_out"),
    Card("4100280000080001", "india_insufficient_funds", country="IN", decline="insufficient_funds"),
    Card("4100280000070002", "india_cancelled", country="IN", decline="payment_cancelled"),
    Card("4100280000060003", "india_declined", country="IN", decline="card_declined"),
    Card("4100280000030006", "india_not_enabled_online", country="IN", decline="card_not_enabled_online"),
    Card("4100280000020007", "india_technical_error", country="IN", decline="technical_error"),
    Card("4100280000000009", "india_authentication_failed", country="IN", decline="authentication_failed"),
)

CARDS_BY_NUMBER = {card.number: card for card in CARDS}
CARDS_BY_NAME = {card.name: card for card in CARDS}
NAMED_CARDS = {alias: card for card in CARDS for alias in card.aliases}
PUBLISHED_NUMBERS = frozenset(CARDS_BY_NUMBER)


class UpiOutcome(StrEnum):
    """What the customer's UPI application does."""

    SUCCEEDS = "succeeds"
    DECLINES = "declines"
    ASKS = "asks"  # the customer decides on the bank's page


UPI_ADDRESSES = {
    "success@upi": UpiOutcome.SUCCEEDS,
    "failure@upi": UpiOutcome.DECLINES,
    "pending@upi": UpiOutcome.ASKS,
    "success@razorpay": UpiOutcome.SUCCEEDS,
    "failure@razorpay": UpiOutcome.DECLINES,
}

# A holder's name in capitals forces the outcome, whatever the card.
HOLDER_NAMES = {"DECLINED": "generic_decline", "CARD_EXPIRED": "expired_card", "ERROR": "processing_error"}

DECLINE_MESSAGES = {
    "generic_decline": "The issuer declined the payment and gave no reason.",
    "card_declined": "The issuer declined the payment.",
    "insufficient_funds": "The account does not have enough money.",
    "lost_card": "The card was reported lost.",
    "stolen_card": "The card was reported stolen.",
    "card_velocity_exceeded": "The card has reached its limit of payments.",
    "expired_card": "The card has expired.",
    "incorrect_cvc": "The security code is not correct.",
    "processing_error": "The issuer could not process the payment.",
    "fraudulent": "The payment was blocked as too risky.",
    "payment_timed_out": "The customer did not answer in time.",
    "payment_cancelled": "The customer cancelled the payment.",
    "card_not_enabled_online": "The card is not enabled for payments online.",
    "technical_error": "The issuer's systems had a technical error.",
    "authentication_failed": "The customer could not be authenticated.",
    "authentication_required": "The issuer wants the customer to authenticate, and the customer is not present.",
    "authentication_error": "The issuer's authentication service failed.",
    "upi_declined": "The customer's bank declined the UPI request.",
}


def passes_luhn(number: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1)."""
    total = 0
    for position, digit in enumerate(reversed(number)):
        doubled = int(digit) * (2 if position % 2 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0
