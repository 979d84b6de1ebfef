"""What we say happened: in the ledger, in our rows, in our events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models import Case, F, QuerySet, Sum, When

from gateway.core.ids import to_public
from gateway.events.models import Event
from gateway.ledger.models import Entry
from gateway.ledger.states import AccountType, Direction
from payments.models import Anomaly, Operation, Order, Payment, ProviderAccount
from payments.rules.ledger_accounts import provider_object_source
from payments.states import OPEN, OrderStatus, PaymentStatus
from reconciliation.rules.compare import Fact, FactKey, compare_facts
from reconciliation.rules.settlement_postings import DIFFERENCE, SETTLEMENT
from refunds import states as refund_states
from refunds.models import Refund

_ALL = "the oracle compares all there is"
_NET = Sum(Case(When(direction=Direction.DEBIT, then=F("amount")), default=-F("amount")))
# What must have been told to the world when an object is in this state.
_PAYMENT_EVENTS: dict[str, str] = {
    PaymentStatus.SUCCEEDED: "payment.succeeded",
    PaymentStatus.FAILED: "payment.failed",
    PaymentStatus.CANCELED: "payment.canceled",
    PaymentStatus.REQUIRES_CAPTURE: "payment.authorized",
    PaymentStatus.EXPIRED: "payment.expired",
}
_REFUND_EVENTS: dict[str, str] = {
    refund_states.SUCCEEDED: "refund.succeeded",
    refund_states.FAILED: "refund.failed",
    refund_states.CANCELED: "refund.canceled",
}
_EVENT_TYPES = (
    *_PAYMENT_EVENTS.values(),
    *_REFUND_EVENTS.values(),
    "payment.late_success",
    "refund.created",
    "order.paid",
)


def ledger_facts(account: ProviderAccount) -> dict[FactKey, Fact]:
    """Authorised, captured and refunded money of one provider account, by our id, as the ledger has it.

    Money in suspense is there under the provider's id of it: it is on our side of the comparison.
    """
    facts: dict[FactKey, Fact] = {}
    clearing = _entries(account, AccountType.PROVIDER_CLEARING)
    for (source_type, source_id, event), (amount, currency) in clearing.items():
        if source_type == "operation" and event == "captured":
            facts["capture", to_public(Operation.ID_PREFIX, source_id)] = (amount, currency)
        elif source_type == "refund":
            key = ("refund", to_public(Refund.ID_PREFIX, source_id))
            facts[key] = (facts.get(key, (0, ""))[0] - amount, currency)
    for public_id, reference in _external_refunds(account):
        if ("refund", public_id) in facts:
            facts["refund", reference] = facts.pop(("refund", public_id))
    promised = _entries(account, AccountType.AUTHORIZATIONS_RECEIVABLE)
    for (_, source_id, event), (amount, currency) in promised.items():
        if event == "authorized":
            facts["authorize", to_public(Operation.ID_PREFIX, source_id)] = (amount, currency)
    for kind, reference, amount, currency in _suspended(account, clearing):
        before, _ = facts.get((kind, reference), (0, ""))
        facts[kind, reference] = (before + amount, currency)
    return {key: fact for key, fact in facts.items() if fact[0]}


def clearing_balances(account: ProviderAccount) -> dict[str, int]:
    """What the provider owes us per currency for what it moved, suspense included, whatever it has settled since."""
    sums: Counter[str] = Counter()
    for (source_type, _, _), (amount, currency) in _entries(account, AccountType.PROVIDER_CLEARING).items():
        if source_type not in (SETTLEMENT, DIFFERENCE):
            sums[currency] += amount
    return dict(sums)


def rows_against_ledger() -> Iterator[str]:
    """Captures and refunds as our rows have them against the ledger."""
    rows: dict[FactKey, Fact] = {
        ("capture", operation.public_id): (operation.captured_amount, operation.currency)
        for operation in Operation.objects.unscoped(_ALL).filter(captured_amount__gt=0)
    }
    succeeded = Refund.objects.unscoped(_ALL).filter(status=refund_states.SUCCEEDED)
    rows |= {("refund", refund.public_id): (refund.amount, refund.currency) for refund in succeeded}
    ledger: dict[FactKey, Fact] = {}
    posted = Entry.objects.filter(account__type=AccountType.PROVIDER_CLEARING)
    for source_type, source_id, event, currency, net in _grouped(posted):
        if source_type == "operation" and event == "captured":
            ledger["capture", to_public(Operation.ID_PREFIX, source_id)] = (net, currency)
        elif source_type == "refund":
            key = ("refund", to_public(Refund.ID_PREFIX, source_id))
            ledger[key] = (ledger.get(key, (0, ""))[0] - net, currency)
    yield from compare_facts("rows", rows, "ledger", {key: fact for key, fact in ledger.items() if fact[0]})


def rows_against_sums() -> Iterator[str]:
    """A payment's amounts against its captures and refunds, an order's against its payments."""
    captured = _sums(Operation.objects.unscoped(_ALL).filter(captured_amount__gt=0), "captured_amount")
    refunds = Refund.objects.unscoped(_ALL)
    refunded = _sums(refunds.filter(status=refund_states.SUCCEEDED), "amount")
    pending = _sums(refunds.filter(status__in=(refund_states.PENDING, refund_states.PROCESSING)), "amount")
    paid: Counter[Any] = Counter()
    returned: Counter[Any] = Counter()
    for payment in Payment.objects.unscoped(_ALL).iterator():
        for name, kept, summed in (
            ("amount_captured", payment.amount_captured, captured[payment.id]),
            ("amount_refunded", payment.amount_refunded, refunded[payment.id]),
            ("amount_refund_pending", payment.amount_refund_pending, pending[payment.id]),
        ):
            if kept != summed:
                yield f"payment {payment.public_id}: {name} is {kept}, its parts sum to {summed}."
        if payment.counts_toward_order:
            paid[payment.order_id] += payment.amount_captured
            returned[payment.order_id] += payment.amount_refunded
    for order in Order.objects.unscoped(_ALL).iterator():
        if (order.amount_paid, order.amount_refunded) != (paid[order.id], returned[order.id]):
            yield (
                f"order {order.public_id}: paid {order.amount_paid} and refunded {order.amount_refunded}, "
                f"its payments {paid[order.id]} and {returned[order.id]}."
            )


def rows_against_events() -> Iterator[str]:
    """Every end that an object came to was told exactly once."""
    told = Counter(Event.objects.unscoped(_ALL).filter(type__in=_EVENT_TYPES).values_list("type", "subject_id"))
    for payment in Payment.objects.unscoped(_ALL).iterator():
        granted = payment.status in (PaymentStatus.SUCCEEDED, PaymentStatus.REQUIRES_CAPTURE)
        unwanted = granted and payment.late_success and not payment.counts_toward_order
        expected = "payment.late_success" if unwanted else _PAYMENT_EVENTS.get(payment.status)
        yield from _missing(told, expected, payment.public_id, payment.id)
    for refund_id, status in Refund.objects.unscoped(_ALL).values_list("id", "status").iterator():
        public_id = to_public(Refund.ID_PREFIX, refund_id)
        yield from _missing(told, "refund.created", public_id, refund_id)
        yield from _missing(told, _REFUND_EVENTS.get(status), public_id, refund_id)
    for order_id in Order.objects.unscoped(_ALL).filter(status=OrderStatus.PAID).values_list("id", flat=True):
        yield from _missing(told, "order.paid", to_public("ord", order_id), order_id)


def open_operations() -> Iterator[tuple[str, str]]:
    """Operations that wait for the provider's word."""
    for operation in Operation.objects.unscoped(_ALL).filter(status__in=OPEN).order_by("id"):
        yield operation.public_id, operation.status


def open_refunds() -> Iterator[tuple[str, str]]:
    """Refunds that have no end."""
    unfinished = (refund_states.PENDING, refund_states.PROCESSING)
    for refund in Refund.objects.unscoped(_ALL).filter(status__in=unfinished).order_by("id"):
        yield refund.public_id, refund.status


def totals() -> dict[str, int]:
    """How much there was to compare."""
    return {
        "payments": Payment.objects.unscoped(_ALL).count(),
        "refunds": Refund.objects.unscoped(_ALL).count(),
        "operations": Operation.objects.unscoped(_ALL).count(),
        "events": Event.objects.unscoped(_ALL).count(),
        "anomalies": Anomaly.objects.unscoped(_ALL).filter(resolved_at__isnull=True).count(),
    }


def _entries(account: ProviderAccount, account_type: str) -> dict[tuple[str, Any, str], Fact]:
    rows = Entry.objects.filter(account__type=account_type, account__provider_account_id=account.id)
    return {(source, subject, event): (net, currency) for source, subject, event, currency, net in _grouped(rows)}


def _grouped(rows: QuerySet[Entry]) -> Iterator[tuple[str, UUID, str, str, int]]:
    columns = ("transaction__source_type", "transaction__source_id", "transaction__event", "currency")
    yield from rows.values(*columns).annotate(net=_NET).values_list(*columns, "net").order_by()


def _external_refunds(account: ProviderAccount) -> Iterator[tuple[str, str]]:
    for refund in Refund.objects.unscoped(_ALL).filter(provider_account=account, external=True):
        yield refund.public_id, refund.provider_reference


def _suspended(
    account: ProviderAccount, clearing: dict[tuple[str, Any, str], Fact]
) -> Iterator[tuple[str, str, int, str]]:
    """What went through suspense and has not come back, by the provider's object: money out is a refund for the bank."""
    nets: dict[UUID, Fact] = {}
    for (source_type, source_id, _), (amount, currency) in clearing.items():
        if source_type == "provider_object":
            nets[source_id] = (nets.get(source_id, (0, ""))[0] + amount, currency)
    rows = Anomaly.objects.unscoped(_ALL).filter(provider_account_id=account.id).exclude(provider_object="")
    for reference in sorted(set(rows.exclude(amount=0).values_list("provider_object", flat=True))):
        net, currency = nets.get(provider_object_source(account.id, reference), (0, ""))
        if net:
            yield "refund" if net < 0 else "capture", reference, abs(net), currency


def _sums(rows: QuerySet[Any], column: str) -> Counter[Any]:
    return Counter(dict(rows.values_list("payment_id").annotate(total=Sum(column)).order_by()))


def _missing(told: Counter[Any], event_type: str | None, public_id: str, subject_id: Any) -> Iterator[str]:
    if event_type is not None and told[event_type, subject_id] != 1:
        yield f"{public_id}: {told[event_type, subject_id]} events {event_type}, should be 1."
