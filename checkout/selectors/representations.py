"""A session as the API shows it."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from checkout.models import CheckoutSession
from checkout.selectors.sessions import attempts_made
from gateway.core.ids import to_public
from gateway.core.times import rfc3339


def session_url(session: CheckoutSession) -> str:
    """The address of the hosted page."""
    return f"{settings.PUBLIC_URL}/checkout/{session.public_id}"


def session_object(session: CheckoutSession, *, attempts: int | None = None) -> dict[str, Any]:
    """A checkout session. A list counts the attempts of all its sessions at once; else they are counted here."""
    return {
        "id": session.public_id,
        "object": "checkout_session",
        "livemode": session.livemode,
        "order": to_public("ord", session.order_id),
        "status": str(session.status),
        "url": session_url(session),
        "success_url": session.success_url or None,
        "cancel_url": session.cancel_url or None,
        "locale": session.locale or None,
        "attempts": attempts_made(session) if attempts is None else attempts,
        "metadata": session.metadata,
        "version": session.version,
        "created_at": rfc3339(session.created_at),
        "expires_at": rfc3339(session.expires_at),
        "completed_at": rfc3339(session.completed_at),
    }
