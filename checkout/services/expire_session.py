"""Close a session before its time."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from checkout.errors import SessionNotOpen
from checkout.models import CheckoutSession
from checkout.selectors.sessions import session_for_update, session_of_merchant
from checkout.services.follow_session import follow_session
from checkout.states import SessionStatus
from gateway.audit.services.record import record
from gateway.core.opening import NO_CALL, OpeningCall
from gateway.core.tenancy import Tenant


def expire_session(*, tenant: Tenant, session_id: UUID, now: datetime, call: OpeningCall = NO_CALL) -> CheckoutSession:
    """An open session becomes expired; its order stays as it is. Raises `NotFound`, and `SessionNotOpen` for any other state."""
    follow_session(session=session_of_merchant(tenant, session_id), now=now)
    with transaction.atomic():
        call.begin()
        session = session_for_update(session_id)
        if session.status != SessionStatus.OPEN:
            raise SessionNotOpen(status=session.status)
        session.status = SessionStatus.EXPIRED
        session.expires_at = min(session.expires_at, now)
        session.version += 1
        session.save(update_fields=["status", "expires_at", "version"])
        record(
            action="checkout_session.expired",
            subject_type="checkout_session",
            subject_id=session.id,
            tenant=tenant,
            data={"from": "open"},
        )
        call.remember(session)
    return session
