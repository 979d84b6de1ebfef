"""What the services of this app refuse, in the domain's words."""

from __future__ import annotations

from gateway.core.errors import Conflict, Invalid, NotFound, Unavailable


class InvalidState(Conflict):
    """The order's or payment's present state does not allow this; `status` says which it is."""

    code = "invalid_state"


class PaymentOperationInProgress(Conflict):
    """The provider is being asked about this payment right now; ask again when that has ended."""

    code = "payment_operation_in_progress"
    message = "Another operation on this payment is in progress. Try again in a moment."
    transient = True


class AnotherPaymentInProgress(Conflict):
    """The order has a payment that is being processed; it may still succeed."""

    code = "another_payment_in_progress"
    message = "Another payment of this order is being processed. Try again when it has ended."
    transient = True


class OrderNotPayable(Conflict):
    """The order is paid, expired or canceled."""

    code = "order_not_payable"
    message = "This order no longer takes payments."


class AmountTooLarge(Conflict):
    """More than what is due, capturable or refundable."""

    code = "amount_too_large"
    message = "The amount is more than what is left."


class TokenUsed(Conflict):
    """A token pays once."""

    code = "token_used"
    message = "This token was already used. Create a new one."


class TokenExpired(Conflict):
    """A token lives 15 minutes until it is used."""

    code = "token_expired"
    message = "This token has expired. Create a new one."


class PaymentMethodNotSaved(Conflict):
    """A method that was made for one payment only."""

    code = "payment_method_not_saved"
    message = "This payment method was not saved for another payment."


class CustomerErased(Conflict):
    """The customer's personal data was erased; nothing about the customer can be changed any more."""

    code = "customer_erased"
    message = "This customer was erased."


class NoProviderAccount(Conflict):
    """There is no provider account in this mode that could take the payment."""

    code = "no_provider_account"
    message = "No provider account is set up for this mode."


class LiveCardRefused(Invalid):
    """A number that is no published test number. It was not kept."""

    code = "test_mode_live_card"
    message = "Only published test card numbers are accepted. The number was not kept."


class IncorrectNumber(Invalid):
    """Not the number of any card."""

    code = "incorrect_number"
    message = "The card number is not valid."


class InvalidExpiry(Invalid):
    """Not an expiry date, or one in the past."""

    code = "invalid_expiry"
    message = "The expiry date is not valid."


class InvalidCvc(Invalid):
    """Three digits, four for American Express."""

    code = "invalid_cvc"
    message = "The security code is not valid."


class MethodRefused(Invalid):
    """The provider refused the payment details."""

    code = "invalid_payment_method"
    message = "The payment details were refused."


class ProviderUnavailable(Unavailable):
    """The provider could not be reached while nothing had been decided yet."""

    code = "provider_unavailable"
    message = "The payment provider cannot be reached. Nothing was changed; try again."


class AnomalyResolved(Conflict):
    """Somebody has resolved this anomaly before; what they decided stays."""

    code = "anomaly_resolved"
    message = "This anomaly was resolved before. What was decided then stays."


class AnomalyNotFound(NotFound):
    """No such anomaly."""

    message = "There is no such anomaly in this mode."


class ProviderAccountNotFound(NotFound):
    """No such provider account."""
