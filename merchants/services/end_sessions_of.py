"""Sign a person out everywhere."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from merchants.selectors.login_sessions import open_sessions_for_update
from merchants.services.end_session import end_locked_session


def end_sessions_of(*, user_id: UUID, reason: str) -> None:
    """End every open session of this person: their tokens, access and refresh, are refused from the next request on."""
    with transaction.atomic():
        for session in open_sessions_for_update(user_id, timezone.now()):
            end_locked_session(session, reason=reason)
