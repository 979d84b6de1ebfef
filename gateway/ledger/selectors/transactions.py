"""Read transactions with their entries."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from gateway.core.partitions import prune_floor
from gateway.ledger.models import Entry, Transaction
from gateway.ledger.rules import Line
from gateway.ledger.selectors.accounts import key_of
from gateway.ledger.states import Direction


def lines_of(transaction: Transaction) -> tuple[Line, ...]:
    """The entries of a transaction as values, in the order they were posted."""
    entries = (
        Entry.objects.filter(transaction=transaction, id__gte=prune_floor(transaction.id))
        .select_related("account")
        .order_by("id")
    )
    return tuple(Line(key_of(entry.account), Direction(entry.direction), entry.amount) for entry in entries)


def transactions_of(sources: Iterable[tuple[str, UUID]]) -> QuerySet[Transaction]:
    """Every transaction about these (source_type, source_id), oldest first, entries and accounts prefetched."""
    pairs = set(sources)
    entries = Prefetch("entries", Entry.objects.select_related("account").order_by("id"))
    found = Transaction.objects.filter(
        source_type__in={source_type for source_type, _ in pairs}, source_id__in={source_id for _, source_id in pairs}
    )
    return found.order_by("id").prefetch_related(entries)
