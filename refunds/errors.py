"""What this app refuses on purpose."""

from gateway.core.errors import Conflict


class NothingCaptured(Conflict):
    """There is no money to send back."""

    code = "payment_not_captured"
    message = "Nothing of this payment has been captured, so there is nothing to refund. Cancel it instead."


class PaymentDisputed(Conflict):
    """The bank has taken this money back already."""

    code = "payment_disputed"
    message = "This payment is in a chargeback: the bank decides where the money goes."


class RefundAlreadySent(Conflict):
    """Too late to cancel."""

    code = "refund_already_sent"
    message = "This refund has been sent to the bank and can no longer be canceled."
