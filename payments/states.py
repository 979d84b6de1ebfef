"""The state machines of this app, one readable table each. The database holds the same words in CHECK constraints."""

from __future__ import annotations

from django.db.models import TextChoices

from gateway.core.states import TransitionTable


class OrderStatus(TextChoices):
    """What has become of the merchant's demand."""

    CREATED = "created"
    ATTEMPTED = "attempted"
    PARTIALLY_PAID = "partially_paid"
    PAID = "paid"
    EXPIRED = "expired"
    CANCELED = "canceled"


class PaymentStatus(TextChoices):
    """What has become of one attempt to pay."""

    REQUIRES_PAYMENT_METHOD = "requires_payment_method"
    REQUIRES_CONFIRMATION = "requires_confirmation"
    PROCESSING = "processing"
    REQUIRES_ACTION = "requires_action"
    REQUIRES_CAPTURE = "requires_capture"
    REQUIRES_REVIEW = "requires_review"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    EXPIRED = "expired"


class OperationStatus(TextChoices):
    """What is known of one request to a provider."""

    CREATED = "created"
    SENT = "sent"
    UNKNOWN = "unknown"
    REQUIRES_ACTION = "requires_action"
    SUCCEEDED = "succeeded"
    DECLINED = "declined"
    FAILED = "failed"


class OperationKind(TextChoices):
    """What the provider is asked for."""

    AUTHORIZE = "authorize"
    CAPTURE = "capture"
    VOID = "void"


class CaptureMethod(TextChoices):
    """Whether the money is taken with the authorisation or by a later capture."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"


class VoidPurpose(TextChoices):
    """Why an authorisation or a waiting challenge is given back; it decides the payment's last state."""

    REQUESTED = "requested"  # the merchant or the customer canceled
    EXPIRY = "expiry"  # the challenge was not answered in time
    NEW_ATTEMPT = "new_attempt"  # the customer tries again with another payment of the order
    DUPLICATE = "duplicate"  # late success of a payment that the order no longer needs
    ORDER_CLOSED = "order_closed"  # late success for an order that is canceled or expired


_O, _P, _S = OrderStatus, PaymentStatus, OperationStatus

ORDER = TransitionTable(
    "An order",
    {
        _O.CREATED: {_O.ATTEMPTED, _O.EXPIRED, _O.CANCELED},
        _O.ATTEMPTED: {_O.PARTIALLY_PAID, _O.PAID, _O.EXPIRED, _O.CANCELED},
        _O.PARTIALLY_PAID: {_O.PAID, _O.EXPIRED, _O.CANCELED},
        _O.PAID: set(),
        _O.EXPIRED: set(),
        _O.CANCELED: set(),
    },
)

PAYMENT = TransitionTable(
    "A payment",
    {
        _P.REQUIRES_PAYMENT_METHOD: {_P.REQUIRES_CONFIRMATION, _P.PROCESSING, _P.CANCELED, _P.EXPIRED},
        _P.REQUIRES_CONFIRMATION: {_P.PROCESSING, _P.CANCELED, _P.EXPIRED},
        _P.PROCESSING: {
            _P.REQUIRES_ACTION, _P.REQUIRES_CAPTURE, _P.REQUIRES_REVIEW, _P.SUCCEEDED, _P.FAILED, _P.CANCELED,
            _P.EXPIRED,
        },
        _P.REQUIRES_ACTION: {_P.PROCESSING, _P.REQUIRES_CAPTURE, _P.SUCCEEDED, _P.FAILED, _P.CANCELED, _P.EXPIRED},
        _P.REQUIRES_CAPTURE: {_P.SUCCEEDED, _P.CANCELED, _P.EXPIRED},
        _P.REQUIRES_REVIEW: {_P.PROCESSING, _P.REQUIRES_CAPTURE, _P.SUCCEEDED, _P.CANCELED, _P.EXPIRED},
        _P.SUCCEEDED: set(),
        _P.FAILED: set(),
        _P.CANCELED: set(),
        _P.EXPIRED: set(),
    },
)  # fmt: skip

# Terminal is terminal, except for the provider's proof that the money moved after all.
LATE_SUCCESS = TransitionTable(
    "A late success",
    {
        _P.FAILED: {_P.REQUIRES_CAPTURE, _P.SUCCEEDED},
        _P.CANCELED: {_P.REQUIRES_CAPTURE, _P.SUCCEEDED},
        _P.EXPIRED: {_P.REQUIRES_CAPTURE, _P.SUCCEEDED},
    },
)

OPERATION = TransitionTable(
    "An operation",
    {
        _S.CREATED: {_S.SENT, _S.UNKNOWN, _S.REQUIRES_ACTION, _S.SUCCEEDED, _S.DECLINED, _S.FAILED},
        _S.SENT: {_S.UNKNOWN, _S.REQUIRES_ACTION, _S.SUCCEEDED, _S.DECLINED, _S.FAILED},
        _S.UNKNOWN: {_S.REQUIRES_ACTION, _S.SUCCEEDED, _S.DECLINED, _S.FAILED},
        _S.REQUIRES_ACTION: {_S.SUCCEEDED, _S.DECLINED, _S.FAILED},
        _S.SUCCEEDED: set(),
        _S.DECLINED: set(),
        _S.FAILED: set(),
    },
)

# The order belongs to this attempt for now: no other may start, the order can neither expire nor be canceled.
LIVE = frozenset({_P.PROCESSING, _P.REQUIRES_ACTION, _P.REQUIRES_CAPTURE, _P.REQUIRES_REVIEW})
# The attempt is over without money; only proof of the contrary reopens it.
LOST = frozenset({_P.FAILED, _P.CANCELED, _P.EXPIRED})
# We have asked, or are about to, and the provider has not said its word. At most one per payment.
OPEN = frozenset({_S.CREATED, _S.SENT, _S.UNKNOWN})
# The anomaly of an operation whose outcome the provider can no longer tell: a person has to, and no worker asks again.
UNRESOLVED = "operation_unresolved"
# An order in one of these still takes money.
PAYABLE = frozenset({_O.CREATED, _O.ATTEMPTED, _O.PARTIALLY_PAID})
