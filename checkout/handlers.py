"""Work that checkout leaves for later."""

from __future__ import annotations

from datetime import timedelta

from checkout.models import CheckoutSession
from checkout.rules.judgement import ABANDONED_AFTER_S
from checkout.services.follow_session import follow_session
from checkout.states import SessionStatus
from gateway.core import clock
from gateway.work.rules import Done, Later
from gateway.work.services.claim import Claim


def expire_session(claim: Claim) -> Done | Later:
    """Close a session whose time is over. While a payment is on its way it stays; its end closes it.

    An attempt without a payment has no such end: it is looked at again when it counts as abandoned.
    """
    session = CheckoutSession.objects.unscoped("work names the session by its id").filter(pk=claim.subject_id).first()
    if session is None or session.status not in (SessionStatus.OPEN, SessionStatus.PROCESSING):
        return Done()
    if session.expires_at > clock.now():
        return Later(clock.to_real(session.expires_at), "not yet")
    visit = follow_session(session=session, now=clock.now())
    if visit.attempt is not None and visit.attempt.ended_at is None and visit.payment is None:
        return Later(visit.attempt.started_at + timedelta(seconds=ABANDONED_AFTER_S), "an attempt may become a payment")
    return Done()
