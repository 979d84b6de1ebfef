"""The one timeline of a payment: attempts, postings, events with their deliveries, and who asked for what.

Every part knows its real time from its id, so that the order is true even where a test clock was moved.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, TypedDict
from uuid import UUID

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dashboard.selectors.payment_story import Story
from gateway.audit.models import AuditEntry
from gateway.core.display import money_text
from gateway.core.ids import id_time
from gateway.events.models import Event
from gateway.ledger.models import Transaction
from payments.models import Operation
from webhooks.models import Delivery


class LedgerLine(TypedDict):
    """One side of a posting."""

    account: str
    debit: int | None
    credit: int | None
    currency: str


class Entry(TypedDict):
    """A line of the timeline. `kind` is what it is a trace of: attempt, ledger, event or audit."""

    order: datetime
    kind: str
    tone: str
    icon: str
    title: str
    moment: Any
    details: list[str]
    links: list[dict[str, str]]
    lines: list[LedgerLine]


# event type -> (tone, icon, words); others are shown by their own name
_EVENTS: dict[str, tuple[str, str, str]] = {
    "payment.created": ("neutral", "circle-dashed", "Payment created"),
    "payment.processing": ("progress", "circle-ellipsis", "Processing"),
    "payment.requires_action": ("attention", "circle-user", "Customer asked to confirm"),
    "payment.authorized": ("progress", "circle-pause", "Authorized"),
    "payment.capture_requested": ("progress", "download", "Capture asked for"),
    "payment.capture_failed": ("danger", "circle-x", "Capture failed"),
    "payment.captured": ("success", "download", "Captured"),
    "payment.succeeded": ("success", "circle-check", "Payment succeeded"),
    "payment.failed": ("danger", "circle-x", "Payment failed"),
    "payment.cancel_requested": ("neutral", "circle-slash", "Cancellation asked for"),
    "payment.cancel_failed": ("danger", "circle-x", "Cancellation failed"),
    "payment.canceled": ("neutral", "circle-slash", "Payment canceled"),
    "payment.expired": ("neutral", "timer-off", "Payment expired"),
    "payment.late_success": ("attention", "triangle-alert", "Money arrived late"),
    "refund.created": ("progress", "undo-2", "Refund opened"),
    "refund.succeeded": ("success", "undo-2", "Refund succeeded"),
    "refund.failed": ("danger", "circle-x", "Refund failed"),
    "refund.canceled": ("neutral", "circle-slash", "Refund canceled"),
}
_OPERATIONS = {"authorize": "Authorization", "capture": "Capture", "void": "Void"}
_OUTCOMES: dict[str, tuple[str, str, str]] = {
    "created": ("progress", "circle-dashed", "not sent yet"),
    "sent": ("progress", "circle-ellipsis", "sent, waiting for the bank"),
    "unknown": ("attention", "circle-question-mark", "outcome unknown, being asked for"),
    "requires_action": ("attention", "circle-user", "waiting for the customer"),
    "succeeded": ("success", "circle-check", "approved"),
    "declined": ("danger", "circle-x", "declined"),
    "failed": ("danger", "circle-x", "failed"),
}
# (source, what happened to it) -> words
_POSTINGS = {
    ("operation", "authorized"): "Authorization posted",
    ("operation", "authorization_reversed"): "Authorization reversal posted",
    ("operation", "captured"): "Capture posted",
    ("operation", "fee"): "Fee posted",
    ("settlement", "settled"): "Settlement posted",
    ("settlement", "settled_again"): "Second settlement posted",
    ("anomaly", "resolved"): "Decision on suspense posted",
    ("refund", "opened"): "Refund reserve posted",
    ("refund", "succeeded"): "Refund posted",
    ("refund", "fee_returned"): "Returned fee posted",
    ("refund", "fee_return_reversed"): "Returned fee taken again",
    ("refund", "failed"): "Failed refund posted back",
    ("refund", "canceled"): "Canceled refund posted back",
    ("refund", "success_reversed"): "Returned refund posted back",
}
_ACTORS = {
    "api_key": "API key {name}",
    "person": "{name}",
    "staff": "the gateway's operator",
    "customer": "the customer",
    "provider": "the provider",
}
# An attempt is written a moment before the events of the same change; it is told after them, however slow the machine was.
_OPENING = {
    "authorize": frozenset({"payment.created", "payment.processing"}),
    "capture": frozenset({"payment.capture_requested"}),
    "void": frozenset({"payment.cancel_requested"}),
}
# What an entry of the audit log and the event of the same change are apart at most.
_SAME_CHANGE = timedelta(seconds=1)


def timeline(story: Story) -> list[Entry]:
    """Newest first."""
    told, untold = _who(story)
    by_event: dict[UUID, list[Delivery]] = defaultdict(list)
    for delivery in story.deliveries:
        by_event[delivery.event_id].append(delivery)
    entries = [
        *(_event(event, told.get(event.id), by_event[event.id]) for event in story.events),
        *(_operation(operation, _told_after(operation, story.events)) for operation in story.operations),
        *(_posting(transaction) for transaction in story.transactions),
        *(_audit(entry, story.actors) for entry in untold),
    ]
    return sorted(entries, key=lambda entry: entry["order"], reverse=True)


def account_name(account_type: str) -> str:
    """An account of the ledger in words."""
    return account_type.replace("_", " ").capitalize()


def actor_text(entry: AuditEntry, names: dict[str, str]) -> str:
    """Who did it; empty where it was this gateway itself, which goes without saying."""
    return _ACTORS.get(entry.actor_kind, "").format(name=names.get(entry.actor_id, entry.actor_id))


def _who(story: Story) -> tuple[dict[UUID, str], list[AuditEntry]]:
    """Event id -> who caused it, and the audit entries that belong to no event."""
    told: dict[UUID, str] = {}
    untold: list[AuditEntry] = []
    for entry in story.audit:
        near = min(story.events, key=lambda event: _apart(event, entry), default=None)
        if near is not None and _apart(near, entry) < _SAME_CHANGE:
            told[near.id] = actor_text(entry, story.actors) or told.get(near.id, "")
        elif actor_text(entry, story.actors):
            untold.append(entry)
    return told, untold


def _apart(event: Event, entry: AuditEntry) -> timedelta:
    gap = abs(id_time(event.id) - id_time(entry.id))
    is_same = event.request_id == entry.request_id and str(event.subject_id) == entry.subject_id
    return gap if is_same else timedelta(days=365)


def _event(event: Event, who: str | None, deliveries: Sequence[Delivery]) -> Entry:
    tone, icon, title = _EVENTS.get(event.type, ("neutral", "activity", event.type))
    if event.type.startswith("refund.") and event.amount is not None:
        title = f"{title}: {_money(event.amount, event.currency)}"
    links = [{"id": event.public_id, "label": event.type, "url": reverse("dashboard:event", args=[event.public_id])}]
    return Entry(
        order=id_time(event.id),
        kind=_("event"),
        tone=tone,
        icon=icon,
        title=title,
        moment=event.timestamp,
        details=[_("By %(who)s.") % {"who": who}] if who else [],
        links=links + [_delivery_link(delivery) for delivery in deliveries],
        lines=[],
    )


def _delivery_link(delivery: Delivery) -> dict[str, str]:
    answer = f" ({delivery.response_status})" if delivery.response_status else ""
    host = delivery.endpoint.url.split("/")[2] if "//" in delivery.endpoint.url else delivery.endpoint.url
    return {
        "label": f"{delivery.status.capitalize()} {_('to')} {host}{answer}",
        "id": delivery.public_id,
        "url": reverse("dashboard:delivery", args=[delivery.public_id]),
        "status": delivery.status,
    }


def _told_after(operation: Operation, events: Sequence[Event]) -> datetime:
    written = id_time(operation.id)
    opening = [
        id_time(event.id)
        for event in events
        if event.type in _OPENING[operation.kind] and timedelta(0) <= id_time(event.id) - written < _SAME_CHANGE
    ]
    return max(opening, default=written) + timedelta(microseconds=1)


def _operation(operation: Operation, order: datetime) -> Entry:
    tone, icon, words = _OUTCOMES[operation.status]
    return Entry(
        order=order,
        kind=_("attempt"),
        tone=tone,
        icon=icon,
        title=f"{_OPERATIONS[operation.kind]} {_('of')} {_money(operation.amount, operation.currency)}: {words}",
        moment=operation.created_at,
        details=list(_operation_details(operation)),
        links=[],
        lines=[],
    )


def _operation_details(operation: Operation) -> Iterator[str]:
    route = operation.provider_account.name
    if operation.sent_at and operation.resolved_at:
        took = round((operation.resolved_at - operation.sent_at).total_seconds(), 1)
        yield _("Routed to %(route)s, answered after %(took)s s.") % {"route": route, "took": max(took, 0.0)}
    else:
        yield _("Routed to %(route)s.") % {"route": route}
    if operation.code and operation.status in ("declined", "failed"):
        code = operation.decline_code or operation.code
        yield f"{operation.message} ({code})" if operation.message else code
    if operation.provider_reference:
        yield operation.provider_reference


def _posting(transaction: Transaction) -> Entry:
    return Entry(
        order=id_time(transaction.id),
        kind=_("ledger"),
        tone="neutral",
        icon="book-open",
        title=_posted(transaction),
        moment=transaction.created_at,
        details=[],
        links=[],
        lines=[
            LedgerLine(
                account=account_name(entry.account.type),
                debit=entry.amount if entry.direction == "debit" else None,
                credit=entry.amount if entry.direction == "credit" else None,
                currency=entry.currency,
            )
            for entry in sorted(transaction.entries.all(), key=lambda entry: entry.direction, reverse=True)
        ],
    )


def _posted(transaction: Transaction) -> str:
    what = transaction.event.partition(":")[0]
    known = _POSTINGS.get((transaction.source_type, what))
    words = what if transaction.source_type == "provider_object" else f"{transaction.source_type} {what}"
    return _(known) if known else _("%(what)s posted") % {"what": words.replace("_", " ").capitalize()}


def _audit(entry: AuditEntry, names: dict[str, str]) -> Entry:
    return Entry(
        order=id_time(entry.id),
        kind=_("audit"),
        tone="neutral",
        icon="user-round",
        title=entry.action.replace(".", ": ").replace("_", " ").capitalize(),
        moment=entry.recorded_at,
        details=[_("By %(who)s.") % {"who": actor_text(entry, names)}],
        links=[],
        lines=[],
    )


def _money(amount: int, currency: str) -> str:
    return money_text(amount, currency, get_language() or "en")
