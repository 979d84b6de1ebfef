"""The next refresh token of a session."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from merchants.errors import RefreshTokenReused, TokenInvalid
from merchants.models import LoginSession
from merchants.selectors.login_sessions import login_session_for_update
from merchants.services.end_session import end_locked_session


def refresh_session(*, session_id: UUID, presented_jti: str, next_jti: str, expires_at: datetime) -> LoginSession:
    """Exchange the presented refresh token for the next: only the newest of a session is good.

    Raises `TokenInvalid` when the session has ended. An older token of the family ends the session (committed) and
    raises `RefreshTokenReused`: either the thief or the owner is holding a copy.
    """
    with transaction.atomic():
        session = login_session_for_update(session_id)
        moment = timezone.now()
        if session is None or session.revoked_at is not None or session.expires_at <= moment:
            raise TokenInvalid
        if not session.user.is_active:
            raise TokenInvalid
        is_newest = session.refresh_jti == presented_jti
        if is_newest:
            session.refresh_jti = next_jti
            session.refreshed_at = moment
            session.expires_at = expires_at
            session.save(update_fields=["refresh_jti", "refreshed_at", "expires_at"])
        else:
            end_locked_session(session, reason="refresh_token_reused")
    if not is_newest:
        raise RefreshTokenReused
    return session
