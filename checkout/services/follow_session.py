"""Bring a session to the state that follows from its payment, its order and the time."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from checkout.models import Attempt, CheckoutSession
from checkout.rules.judgement import Judgement, judge
from checkout.selectors.sessions import Visit, session_for_update, visit_of
from checkout.services.count_decline import count_decline
from checkout.states import SESSION, AttemptOutcome, SessionStatus
from gateway.audit.services.record import record


def follow_session(*, session: CheckoutSession, now: datetime) -> Visit:
    """The session as it stands now, written down when that changed. Any number of times, in any order: the same end.

    A page calls it before it shows anything, and the consumer of payment events for customers who have left.
    """
    visit = visit_of(session)
    if _is_settled(visit, judge(visit.facts(now))):
        return visit
    return _settle(session.id, now)


def _is_settled(visit: Visit, judgement: Judgement) -> bool:
    return judgement.session == visit.session.status and not judgement.attempt


def _settle(session_id: UUID, now: datetime) -> Visit:
    with transaction.atomic():
        session = session_for_update(session_id)
        visit = visit_of(session)
        judgement = judge(visit.facts(now))
        if _is_settled(visit, judgement):
            return visit
        if judgement.attempt and visit.attempt is not None:
            _end_attempt(visit, visit.attempt, judgement.attempt)
        _change_session(session, judgement, now)
    return visit_of(session)


def _end_attempt(visit: Visit, attempt: Attempt, outcome: str) -> None:
    attempt.outcome = outcome
    attempt.ended_at = timezone.now()
    attempt.failure = visit.payment.failure if visit.payment else None
    attempt.save(update_fields=["outcome", "ended_at", "failure"])
    if outcome == AttemptOutcome.DECLINED:
        method = visit.payment.payment_method if visit.payment else None
        fingerprint = method.fingerprint if method else ""
        transaction.on_commit(lambda: count_decline(attempt=attempt, fingerprint=fingerprint), robust=True)
    if outcome != AttemptOutcome.PAID:
        # The next form is another request: it gets another key.
        visit.session.attempt = attempt.number + 1


def _change_session(session: CheckoutSession, judgement: Judgement, now: datetime) -> None:
    before = session.status
    if judgement.session != before:
        SESSION.require(before, judgement.session)
    session.status = judgement.session
    session.version = F("version") + 1
    if session.status == SessionStatus.COMPLETE and session.completed_at is None:
        session.completed_at = now
    session.save(update_fields=["status", "attempt", "version", "completed_at"])
    session.refresh_from_db(fields=["version"])
    record(
        action=f"checkout_session.{session.status}",
        subject_type="checkout_session",
        subject_id=session.id,
        tenant=session.tenant,
        data={"from": before, "attempt": judgement.attempt},
    )
