"""Work that checkout leaves for later."""

from __future__ import annotations

from checkout.models import CheckoutSession
from checkout.services.follow_session import follow_session
from checkout.states import SessionStatus
from gateway.core import clock
from gateway.work.rules import Done, Later
from gateway.work.services.claim import Claim


def expire_session(claim: Claim) -> Done | Later:
    """Close a session whose time is over. While a payment is on its way it stays; its end closes it."""
    session = CheckoutSession.objects.unscoped("work names the session by its id").filter(pk=claim.subject_id).first()
    if session is None or session.status != SessionStatus.OPEN:
        return Done()
    if session.expires_at > clock.now():
        return Later(clock.to_real(session.expires_at), "not yet")
    follow_session(session=session, now=clock.now())
    return Done()
