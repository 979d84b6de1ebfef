"""Reading sessions of people over the API."""

from uuid import UUID

from merchants.models import LoginSession


def login_session(session_id: UUID) -> LoginSession | None:
    """The session with its person."""
    rows = LoginSession.objects.unscoped("a token names its session; the session says for whom it acts")
    return rows.select_related("user").filter(pk=session_id).first()


def login_session_for_update(session_id: UUID) -> LoginSession | None:
    """The session, locked until the transaction ends."""
    rows = LoginSession.objects.unscoped("a token names its session; the session says for whom it acts")
    return rows.select_for_update(of=("self",)).select_related("user").filter(pk=session_id).first()
