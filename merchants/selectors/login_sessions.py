"""Reading sessions of people over the API."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from merchants.models import LoginSession


def login_session(session_id: UUID) -> LoginSession | None:
    """The session with its person."""
    rows = LoginSession.objects.unscoped("a token names its session; the session says for whom it acts")
    return rows.select_related("user").filter(pk=session_id).first()


def login_session_for_update(session_id: UUID) -> LoginSession | None:
    """The session, locked until the transaction ends."""
    rows = LoginSession.objects.unscoped("a token names its session; the session says for whom it acts")
    return rows.select_for_update(of=("self",)).select_related("user").filter(pk=session_id).first()


def open_sessions_for_update(user_id: UUID, moment: datetime) -> QuerySet[LoginSession]:
    """What this person has not signed out of, at any merchant, locked in the order of the keys."""
    rows = LoginSession.objects.unscoped("a person's sessions end together, wherever they were opened")
    return rows.select_for_update().filter(user_id=user_id, revoked_at=None, expires_at__gt=moment).order_by("pk")
