"""Read transactions with their entries."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Case, F, Prefetch, QuerySet, Sum, When, prefetch_related_objects

from gateway.core.partitions import prune_floor
from gateway.ledger.models import Entry, Transaction
from gateway.ledger.states import AccountType, Direction


def transactions_of(sources: Iterable[tuple[str, UUID]]) -> list[Transaction]:
    """Every transaction about these (source_type, source_id), oldest first, entries and accounts prefetched."""
    pairs = set(sources)
    rows = Transaction.objects.filter(
        source_type__in={source_type for source_type, _ in pairs}, source_id__in={source_id for _, source_id in pairs}
    )
    found = list(rows.order_by("id"))
    if found:
        entries = Entry.objects.filter(id__gte=prune_floor(found[0].id)).select_related("account").order_by("id")
        prefetch_related_objects(found, Prefetch("entries", entries))
    return found


def entries_of(*, source_type: str, source_id: UUID) -> QuerySet[Entry]:
    """Every entry about this source, unordered. The transactions are read first: their ids tell the months to look into."""
    rows = Transaction.objects.filter(source_type=source_type, source_id=source_id)
    found = list(rows.order_by("id").values_list("id", flat=True))
    return Entry.objects.filter(transaction__in=found, id__gte=prune_floor(found[0])) if found else Entry.objects.none()


def net_of(*, source_type: str, source_id: UUID, account_type: AccountType) -> int:
    """Debits less credits of everything that was posted about this source to accounts of that type."""
    entries = entries_of(source_type=source_type, source_id=source_id).filter(account__type=account_type)
    signed = Case(When(direction=Direction.DEBIT, then=F("amount")), default=-F("amount"))
    net: int | None = entries.aggregate(net=Sum(signed))["net"]
    return net or 0
