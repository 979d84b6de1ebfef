"""One press of the Pay button becomes one payment, however often it is pressed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from checkout.errors import AmountChanged, AttemptAlreadyMade, SessionNotOpen, TooManyAttempts
from checkout.models import Attempt, CheckoutSession
from checkout.rules.form_tokens import FormToken
from checkout.selectors.sessions import attempt_of, session_for_update
from checkout.services.limit_attempts import limit_attempts
from checkout.states import SESSION, SessionStatus
from gateway.api import ratelimit
from gateway.core.errors import DomainError
from gateway.core.opening import OpeningCall
from gateway.idempotency.errors import KeyInUse, KeyReused, Replay, Resume
from gateway.idempotency.services.open_call import IdempotentCall, open_call
from payments.models import Order, Payment, Token
from payments.providers.base import CardInput, UpiInput
from payments.services.create_payment import create_payment
from payments.services.create_token import create_token
from payments.states import PAYABLE


@dataclass(frozen=True, slots=True)
class Submission:
    """What the customer sent: the proof of the form, the payment details (in memory only), and where they came from."""

    form: FormToken
    method: CardInput | UpiInput = field(repr=False)
    return_url: str
    address: str = field(repr=False)

    @property
    def method_type(self) -> str:
        """`card` or `upi`."""
        return "card" if isinstance(self.method, CardInput) else "upi"


def pay(*, session: CheckoutSession, submission: Submission, now: datetime) -> Attempt:
    """Make the attempt, claim its key, tokenise, open the payment. Returns the attempt, whose page shows what follows.

    Raises `AttemptAlreadyMade` for a second press (nothing is tokenised for it), `SessionNotOpen`, `AmountChanged`,
    `TooManyAttempts`, or what the provider said about the details; after each of these the same form may be sent again.
    """
    attempt = _make_attempt(session, submission)
    call = _call(session, submission)
    try:
        limit_attempts(attempt=attempt, address=submission.address)
        _claim(call)
        token = create_token(tenant=session.tenant, method=submission.method, now=now)
        _refuse_tried_card(token)
        create_payment(
            tenant=session.tenant,
            order_id=session.order_id,
            token_id=token.id,
            amount=submission.form.amount,
            return_url=submission.return_url,
            metadata=_simulated(session.order),
            now=now,
            call=_AttemptCall(call, attempt),
        )
    except DomainError:
        call.release()
        _take_back(attempt)
        raise
    return attempt


def _make_attempt(session: CheckoutSession, submission: Submission) -> Attempt:
    """The row that a second press finds, committed before anything happens."""
    number = submission.form.attempt
    with transaction.atomic():
        present = session_for_update(session.id)
        if present.attempt != number or present.status == SessionStatus.PROCESSING:
            raise AttemptAlreadyMade
        if present.status != SessionStatus.OPEN or present.order.status not in PAYABLE:
            raise SessionNotOpen
        if present.order.amount_due != submission.form.amount:
            raise AmountChanged
        attempt = Attempt(
            merchant_id=present.merchant_id,
            livemode=present.livemode,
            session=present,
            number=number,
            method_type=submission.method_type,
            started_at=timezone.now(),
        )
        attempt.save(force_insert=True)
        _move(present, SessionStatus.PROCESSING)
    return attempt


def _call(session: CheckoutSession, submission: Submission) -> IdempotentCall:
    page = f"/checkout/{session.public_id}"
    location = f"{page}/attempts/{submission.form.attempt}"
    return open_call(
        tenant=session.tenant,
        caller_class="checkout",
        key=f"{session.public_id}.{submission.form.attempt}",
        method="POST",
        path=f"{page}/{submission.method_type}",
        body={"amount": submission.form.amount},  # the payment details stay out of the fingerprint
        render=lambda _payment: (303, location.encode()),
    )


def _claim(call: IdempotentCall) -> None:
    try:
        call.claim()
    except (Replay, Resume, KeyInUse, KeyReused) as error:
        raise AttemptAlreadyMade from error


def _refuse_tried_card(token: Token) -> None:
    if token.fingerprint:
        verdict = ratelimit.allow("checkout_declines_card", token.fingerprint, cost=0)
        if not verdict.allowed:
            raise TooManyAttempts(retry_after_s=verdict.reset_s)


def _take_back(attempt: Attempt) -> None:
    """The details were refused before there was a payment: the same form, with the same key, may be sent again."""
    with transaction.atomic():
        session = session_for_update(attempt.session_id)
        present = attempt_of(session, attempt.number)
        if present is None or present.payment_id is not None or present.ended_at is not None:
            return
        present.delete()
        _move(session, SessionStatus.OPEN)


def _move(session: CheckoutSession, status: SessionStatus) -> None:
    SESSION.require(session.status, status)
    session.status = status
    session.version += 1
    session.save(update_fields=["status", "version"])


def _simulated(order: Order) -> dict[str, str]:
    """Faults that a test ordered for this order's payments; the payments app takes them in test mode only."""
    return {"simulate": order.metadata["simulate"]} if "simulate" in order.metadata else {}


class _AttemptCall:
    """The request's key, and beside it the rule that an attempt which was given up never becomes a payment."""

    def __init__(self, call: OpeningCall, attempt: Attempt) -> None:
        self._call, self._attempt = call, attempt

    def begin(self) -> None:
        """Continue the claim; lock the session, then the service locks the order."""
        self._call.begin()
        present = attempt_of(session_for_update(self._attempt.session_id), self._attempt.number)
        if present is None or present.ended_at is not None:
            raise AttemptAlreadyMade

    def remember(self, result: object) -> None:
        """Tie the payment to the attempt in the transaction that opens it."""
        assert isinstance(result, Payment)
        self._attempt.payment_id = result.id
        self._attempt.save(update_fields=["payment_id"])
        self._call.remember(result)
