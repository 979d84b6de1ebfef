"""Read transactions with their entries."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Case, F, Prefetch, QuerySet, Sum, When

from gateway.ledger.models import Entry, Transaction
from gateway.ledger.states import AccountType, Direction


def transactions_of(sources: Iterable[tuple[str, UUID]]) -> QuerySet[Transaction]:
    """Every transaction about these (source_type, source_id), oldest first, entries and accounts prefetched."""
    pairs = set(sources)
    entries = Prefetch("entries", Entry.objects.select_related("account").order_by("id"))
    found = Transaction.objects.filter(
        source_type__in={source_type for source_type, _ in pairs}, source_id__in={source_id for _, source_id in pairs}
    )
    return found.order_by("id").prefetch_related(entries)


def net_of(*, source_type: str, source_id: UUID, account_type: AccountType) -> int:
    """Debits less credits of everything that was posted about this source to accounts of that type."""
    entries = Entry.objects.filter(
        transaction__source_type=source_type, transaction__source_id=source_id, account__type=account_type
    )
    signed = Case(When(direction=Direction.DEBIT, then=F("amount")), default=-F("amount"))
    net: int | None = entries.aggregate(net=Sum(signed))["net"]
    return net or 0
