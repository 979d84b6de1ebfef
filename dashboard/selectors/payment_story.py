"""Everything that is known about one payment, read in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from gateway.audit.models import AuditEntry
from gateway.core.errors import NotFound
from gateway.core.ids import from_public
from gateway.core.partitions import prune_floor
from gateway.core.tenancy import Tenant
from gateway.events.models import Event
from gateway.events.selectors.events import events_about
from gateway.ledger.models import Transaction
from gateway.ledger.selectors.transactions import transactions_of
from merchants.models import ApiKey, User
from payments.models import Operation, Payment
from payments.selectors.operations import operations_of
from refunds.models import Refund
from refunds.selectors.refunds import refunds_of_payment
from webhooks.models import Delivery


@dataclass(frozen=True, slots=True)
class Story:
    """A payment with its attempts, refunds, postings, events, deliveries and the people behind them."""

    payment: Payment
    operations: Sequence[Operation]
    refunds: Sequence[Refund]
    transactions: Sequence[Transaction]
    events: Sequence[Event]
    deliveries: Sequence[Delivery]
    audit: Sequence[AuditEntry]
    actors: dict[str, str]

    @property
    def fee(self) -> int:
        """What we kept of this payment."""
        kept = sum(operation.fee_amount for operation in self.operations)
        return kept - sum(refund.fee_returned for refund in self.refunds)


def story_of(payment: Payment) -> Story:
    """Read it all. The payment comes with its order, customer, method and account."""
    tenant = payment.tenant
    operations = list(operations_of(payment).order_by("id"))
    refunds = refunds_of_payment(tenant, payment.id)
    subjects = [payment.id, *(refund.id for refund in refunds)]
    sources = [("operation", one.id) for one in operations] + [("refund", one.id) for one in refunds]
    events = list(events_about(tenant, subjects))
    audit = _audit_of(tenant, payment, subjects)
    return Story(
        payment=payment,
        operations=operations,
        refunds=refunds,
        transactions=transactions_of(sources),
        events=events,
        deliveries=deliveries_of_events(tenant, events),
        audit=audit,
        actors=actor_names(audit),
    )


def deliveries_of_events(tenant: Tenant, events: Sequence[Event]) -> list[Delivery]:
    """The deliveries of these events, with their endpoints, oldest first."""
    rows = Delivery.objects.for_merchant(tenant).select_related("endpoint")
    return list(rows.filter(event_id__in=[event.id for event in events]).order_by("id")) if events else []


def actor_names(audit: Sequence[AuditEntry]) -> dict[str, str]:
    """Actor id -> the name of that person or key, for those who appear in these entries."""
    people = {entry.actor_id for entry in audit if entry.actor_kind == "person"}
    keys = {entry.actor_id for entry in audit if entry.actor_kind == "api_key"}
    names: dict[str, str] = {}
    if people:
        ids = [one for one in (_uuid("usr", text) for text in people) if one is not None]
        names |= {person.public_id: person.name or person.email for person in User.objects.filter(id__in=ids)}
    if keys:
        rows = ApiKey.objects.unscoped("the entries are this merchant's, and so are the keys that they name")
        ids = [one for one in (_uuid("key", text) for text in keys) if one is not None]
        names |= {key.public_id: key.name for key in rows.filter(id__in=ids)}
    return names


def _audit_of(tenant: Tenant, payment: Payment, subjects: Sequence[object]) -> list[AuditEntry]:
    rows = AuditEntry.objects.for_merchant(tenant).filter(
        subject_type__in=("payment", "refund"),
        subject_id__in=[str(one) for one in subjects],
        id__gte=prune_floor(payment.id),
    )
    return list(rows.order_by("id"))


def _uuid(prefix: str, text: str) -> UUID | None:
    try:
        return from_public(prefix, text)
    except NotFound:
        return None
