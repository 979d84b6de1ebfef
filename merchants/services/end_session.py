"""Sign out."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from gateway.audit.services.record import record
from merchants.models import LoginSession
from merchants.selectors.login_sessions import login_session_for_update


def end_session(*, session_id: UUID, reason: str = "signed_out") -> None:
    """End a session: its access tokens are refused from the next request on. Ending it twice changes nothing."""
    with transaction.atomic():
        session = login_session_for_update(session_id)
        if session is not None and session.revoked_at is None:
            end_locked_session(session, reason=reason)


def end_locked_session(session: LoginSession, *, reason: str) -> None:
    """The same for a session whose row the caller has locked, in the caller's transaction."""
    session.revoked_at = timezone.now()
    session.revoked_reason = reason
    session.save(update_fields=["revoked_at", "revoked_reason"])
    record(
        action="session.ended",
        subject_type="login_session",
        subject_id=session.id,
        tenant=session.tenant,
        data={"reason": reason},
    )
