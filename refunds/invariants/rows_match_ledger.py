"""A refund's row and its legs say what the ledger says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from uuid import UUID

from gateway.core.invariants import Violation
from gateway.ledger.models import Entry
from gateway.ledger.states import AccountType, Direction
from refunds import states
from refunds.models import Refund

NAME = "refunds.rows_match_ledger"
DESCRIPTION = (
    "What a refund took from each account, holds in transit, sent out and brought back of our fee is what its row says."
)

_BATCH = 500


def violations() -> Iterator[Violation]:
    """Refunds whose net postings differ from their rows."""
    rows = Refund.objects.unscoped("an invariant looks at everybody's rows").order_by("id")
    batch: list[Refund] = []
    for refund in rows.iterator(chunk_size=_BATCH):
        batch.append(refund)
        if len(batch) == _BATCH:
            yield from _of(batch)
            batch = []
    yield from _of(batch)


def _of(batch: list[Refund]) -> Iterator[Violation]:
    nets = _nets([refund.id for refund in batch])
    for refund in batch:
        expected = _expected(refund)
        found = {account: net for account, net in nets.get(refund.id, {}).items() if net}
        if found != expected:
            yield Violation(refund.public_id, f"{refund.status}: ledger has {found}, the row says {expected}")


def _expected(refund: Refund) -> dict[str, int]:
    """Debits less credits per account type."""
    if refund.status in (states.FAILED, states.CANCELED):
        return {}
    sums: Counter[str] = Counter()
    for leg in refund.legs:
        sums[leg["account"]] += leg["amount"]
    holder = AccountType.PROVIDER_CLEARING if refund.status == states.SUCCEEDED else AccountType.REFUNDS_IN_TRANSIT
    sums[holder.value] -= refund.amount
    for leg in refund.fee_legs:
        sums[leg["account"]] -= leg["amount"]
    sums[AccountType.GATEWAY_FEES.value] += refund.fee_returned
    return {account: net for account, net in sums.items() if net}


def _nets(refund_ids: list[UUID]) -> dict[UUID, Counter[str]]:
    nets: dict[UUID, Counter[str]] = {}
    entries = Entry.objects.filter(transaction__source_type="refund", transaction__source_id__in=refund_ids)
    for source_id, account, direction, amount in entries.values_list(
        "transaction__source_id", "account__type", "direction", "amount"
    ):
        nets.setdefault(source_id, Counter())[account] += amount if direction == Direction.DEBIT else -amount
    return nets
