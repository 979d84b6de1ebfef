"""What a session's state follows from: its attempt's payment, its order, and the time.

>>> judge(Facts("processing", attempt_is_open=True, payment_status="succeeded", order_status="paid"))
Judgement(session='complete', attempt='paid')
>>> judge(Facts("processing", attempt_is_open=True, payment_status="failed", order_status="attempted"))
Judgement(session='open', attempt='declined')
>>> judge(Facts("processing", attempt_is_open=True, payment_status="processing", is_past_expiry=True))
Judgement(session='processing', attempt='')
>>> judge(Facts("open", is_past_expiry=True))
Judgement(session='expired', attempt='')
>>> judge(Facts("open", order_status="paid")), judge(Facts("expired", order_status="paid"))
(Judgement(session='complete', attempt=''), Judgement(session='expired', attempt=''))
"""

from __future__ import annotations

from dataclasses import dataclass

from checkout.states import AttemptOutcome, SessionStatus
from payments.states import PAYABLE, OrderStatus, PaymentStatus

# Longer than a form's way through tokenisation can take; then the attempt did not and will not become a payment.
ABANDONED_AFTER_S = 90

_ENDS: dict[str, AttemptOutcome] = {
    PaymentStatus.SUCCEEDED: AttemptOutcome.PAID,
    PaymentStatus.REQUIRES_CAPTURE: AttemptOutcome.PAID,
    PaymentStatus.FAILED: AttemptOutcome.DECLINED,
    PaymentStatus.CANCELED: AttemptOutcome.CANCELED,
    PaymentStatus.EXPIRED: AttemptOutcome.EXPIRED,
}


@dataclass(frozen=True, slots=True)
class Facts:
    """All that counts. `payment_status` is empty while the attempt has no payment."""

    session_status: str
    attempt_is_open: bool = False
    attempt_age_s: float = 0
    payment_status: str = ""
    order_status: str = OrderStatus.CREATED
    is_past_expiry: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """The state the session should be in, and how its attempt ended ("" when it has not, or there is none)."""

    session: str
    attempt: str


def judge(facts: Facts) -> Judgement:
    """The session's state, as it follows from the facts. The same facts give the same judgement, in any order."""
    outcome = ""
    if facts.attempt_is_open:
        outcome = _outcome(facts)
        if not outcome:
            return Judgement(SessionStatus.PROCESSING.value, "")
    if outcome == AttemptOutcome.PAID:
        return Judgement(SessionStatus.COMPLETE.value, outcome)
    if facts.session_status in (SessionStatus.COMPLETE, SessionStatus.EXPIRED):
        return Judgement(facts.session_status, outcome)
    return Judgement(_without_attempt(facts), outcome)


def _outcome(facts: Facts) -> str:
    if not facts.payment_status:
        return AttemptOutcome.ABANDONED.value if facts.attempt_age_s > ABANDONED_AFTER_S else ""
    ended = _ENDS.get(facts.payment_status)
    return ended.value if ended else ""


def _without_attempt(facts: Facts) -> str:
    if facts.order_status == OrderStatus.PAID:
        return SessionStatus.COMPLETE.value
    if facts.order_status not in PAYABLE or facts.is_past_expiry:
        return SessionStatus.EXPIRED.value
    return SessionStatus.OPEN.value
