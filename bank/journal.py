"""The journal: what happened to the money, in lines that are never changed."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Sum

from bank.models import Account, JournalEntry, Payment


def write(
    kind: JournalEntry.Kind,
    payment: Payment,
    *,
    object_id: str,
    reference: str,
    key: str,
    amount: int,
    detail: str = "",
) -> None:
    """Add a line, in the transaction of the fact that it records."""
    JournalEntry.objects.create(
        account_id=payment.account_id,
        kind=kind,
        payment_id=payment.id,
        object_id=object_id,
        reference=reference,
        payment_reference=payment.payment_reference,
        key=key,
        amount=amount,
        currency=payment.currency,
        detail=detail,
    )


def page(account: Account, filters: dict[str, str], *, after: int, limit: int) -> dict[str, Any]:
    """One page of lines in the order they were written, with the whole selection's totals per kind and currency."""
    lines = JournalEntry.objects.filter(account=account, **filters)
    found = list(lines.filter(id__gt=after).order_by("id")[: limit + 1])
    totals: dict[str, dict[str, dict[str, int]]] = {}
    for row in (
        lines.values("kind", "currency").annotate(count=Count("id"), amount=Sum("amount")).order_by("kind", "currency")
    ):
        if row["currency"]:
            totals.setdefault(row["kind"], {})[row["currency"]] = {"count": row["count"], "amount": row["amount"]}
    return {
        "data": [_line(entry) for entry in found[:limit]],
        "has_more": len(found) > limit,
        "next_after": found[:limit][-1].id if found else after,
        "totals": totals,
    }


def _line(entry: JournalEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "kind": entry.kind,
        "payment": entry.payment_id,
        "object": entry.object_id,
        "reference": entry.reference,
        "payment_reference": entry.payment_reference,
        "key": entry.key,
        "amount": entry.amount,
        "currency": entry.currency,
        "detail": entry.detail,
        "created_at": entry.created_at.isoformat(),
    }
