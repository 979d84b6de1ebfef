"""The states of a checkout session and of its attempts."""

from __future__ import annotations

from django.db.models import TextChoices

from gateway.core.states import TransitionTable


class SessionStatus(TextChoices):
    """What the customer can do with the page."""

    OPEN = "open"
    PROCESSING = "processing"
    COMPLETE = "complete"
    EXPIRED = "expired"


class AttemptOutcome(TextChoices):
    """How one attempt ended; empty while it has not."""

    PAID = "paid"
    DECLINED = "declined"
    CANCELED = "canceled"
    EXPIRED = "expired"
    ABANDONED = "abandoned"  # it never became a payment: we stopped between the form and the payment


_S = SessionStatus

SESSION = TransitionTable(
    "A checkout session",
    {
        _S.OPEN: {_S.PROCESSING, _S.COMPLETE, _S.EXPIRED},
        _S.PROCESSING: {_S.OPEN, _S.COMPLETE, _S.EXPIRED},
        _S.COMPLETE: set(),
        _S.EXPIRED: set(),
    },
)
