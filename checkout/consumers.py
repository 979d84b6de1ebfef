"""What checkout does about what happened elsewhere."""

from __future__ import annotations

from uuid import UUID

from checkout.selectors.sessions import unfinished_sessions
from checkout.services.follow_session import follow_session
from gateway.core import clock
from gateway.events.selectors.events import event_for_work
from payments.selectors.payments import payment_by_id


def follow_order(event_id: UUID, *, replay: bool) -> None:
    """A payment or an order changed: the order's sessions follow, whether or not anybody looks at the page."""
    event = event_for_work(event_id)
    order_id = event.subject_id if event.subject_type == "order" else payment_by_id(event.subject_id).order_id
    for session in unfinished_sessions(order_id):
        follow_session(session=session, now=clock.now())
