"""Settlement files: what the bank pays out and for which movements, closed once a day and on request.

A file holds every movement of the journal that no earlier file holds: which ones is kept row by row, never as a position in
the journal, because a line that commits late may have a lower number than one that was settled long ago. A closed file is
never written again.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from bank.errors import Problem, not_found
from bank.models import Account, JournalEntry, SettledEntry, Settlement, new_id

FEE_BASIS_POINTS = 120
LINES_MAX = 50_000  # of one file; the next one takes what is left
COLUMNS = (
    "record", "file", "line", "type", "object", "reference", "payment", "payment_reference", "currency", "gross", "fee",
    "net", "occurred_at",
)  # fmt: skip
# Kinds of the journal that say nothing about money that moved. Every other kind is a line.
_INFORMATION = frozenset(
    {
        JournalEntry.Kind.AUTHORIZE,
        JournalEntry.Kind.VOID,
        JournalEntry.Kind.DECLINE,
        JournalEntry.Kind.TOMBSTONE,
    }
)
# Movements that take money from the merchant; all others bring some.
_OUTGOING = frozenset({JournalEntry.Kind.REFUND})


class FileFault(StrEnum):
    """What may be wrong with a file, on request. All but the last are consistent in themselves: sums and checksum fit."""

    WRONG_AMOUNT = "wrong_amount"  # the first line says one more than was moved
    MISSING_LINE = "missing_line"  # the last movement is in no file, ever
    DUPLICATE_LINE = "duplicate_line"  # the first line comes twice
    UNKNOWN_LINE = "unknown_line"  # a capture that nobody asked for
    TRUNCATED = "truncated"  # the first time that it is read, the file ends in the middle


@dataclass(frozen=True, slots=True)
class Line:
    """One movement as the file tells it; money that leaves the merchant is negative."""

    type: str
    object: str
    reference: str
    payment: str
    payment_reference: str
    currency: str
    gross: int
    fee: int
    occurred_at: datetime

    @property
    def net(self) -> int:
        """What is paid out for it."""
        return self.gross - self.fee

    @classmethod
    def of(cls, entry: JournalEntry) -> Line:
        """The line of a journal entry. The fee is on money that came in by a capture."""
        is_capture = entry.kind == JournalEntry.Kind.CAPTURE
        return cls(
            type=entry.kind,
            object=entry.object_id,
            reference=entry.reference,
            payment=entry.payment_id,
            payment_reference=entry.payment_reference,
            currency=entry.currency,
            gross=-entry.amount if entry.kind in _OUTGOING else entry.amount,
            fee=(entry.amount * FEE_BASIS_POINTS + 5_000) // 10_000 if is_capture else 0,
            occurred_at=entry.created_at,
        )


def close(account: Account, *, before: datetime | None = None, faults: Iterable[FileFault] = ()) -> Settlement | None:
    """Close a file over what is not settled yet (and happened `before`); None when there is nothing."""
    wanted = frozenset(faults)
    with transaction.atomic():
        # Two closings at once would settle the same movements; payments, which only point at the account, need not wait.
        Account.objects.select_for_update(no_key=True).get(id=account.id)
        entries = list(_unsettled(account, before)[:LINES_MAX])
        if not entries:
            return None
        date = (before - timedelta(days=1) if before else timezone.now()).date()
        number = Settlement.objects.filter(account=account, date=date).count() + 1
        name = f"{date:%Y-%m-%d}-{number:03d}"
        lines = list(_with_faults([Line.of(entry) for entry in entries], wanted))
        settlement = Settlement.objects.create(
            id=new_id("bset"),
            account=account,
            name=name,
            date=date,
            content=_render(name, lines),
            lines=len(lines),
            totals=_totals(lines),
            truncations_left=1 if FileFault.TRUNCATED in wanted else 0,
        )
        SettledEntry.objects.bulk_create(SettledEntry(entry=entry, settlement=settlement) for entry in entries)
        return settlement


def close_finished_days() -> int:
    """Close a file for every account with movements of days that are over (UTC); how many."""
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    movements = JournalEntry.objects.exclude(kind__in=_INFORMATION).filter(settled__isnull=True)
    waiting = movements.filter(created_at__lt=midnight).values_list("account", flat=True).distinct()
    accounts = Account.objects.filter(id__in=list(waiting))
    return sum(close(account, before=midnight) is not None for account in accounts)


def files(account: Account, *, limit: int) -> list[Settlement]:
    """The newest files, without their content."""
    return list(Settlement.objects.filter(account=account).defer("content").order_by("-created_at", "-name")[:limit])


def read(account: Account, name: str) -> str:
    """The file's text, always the same; 404 for none. A truncation that was asked for strikes once."""
    settlement = Settlement.objects.filter(account=account, name=name).first()
    if settlement is None:
        raise not_found("settlement file")
    struck = Settlement.objects.filter(id=settlement.id, truncations_left__gt=0).update(truncations_left=0)
    return settlement.content[: len(settlement.content) * 2 // 3] if struck else settlement.content


def parse_faults(names: Iterable[str]) -> list[FileFault]:
    """The faults of these names, or 400."""
    try:
        return [FileFault(name) for name in names]
    except ValueError:
        known = ", ".join(FileFault)
        raise Problem(400, "unknown_fault", f"Faults of a file are {known}.", field="faults") from None


def _unsettled(account: Account, before: datetime | None) -> QuerySet[JournalEntry]:
    found = JournalEntry.objects.filter(account=account, settled__isnull=True).exclude(kind__in=_INFORMATION)
    return (found if before is None else found.filter(created_at__lt=before)).order_by("id")


def _with_faults(lines: list[Line], faults: frozenset[FileFault]) -> Iterator[Line]:
    if FileFault.MISSING_LINE in faults:
        lines = lines[:-1]
    for number, line in enumerate(lines):
        is_wrong = FileFault.WRONG_AMOUNT in faults and number == 0
        yield replace(line, gross=line.gross + 1) if is_wrong else line
        if FileFault.DUPLICATE_LINE in faults and number == 0:
            yield line
    if FileFault.UNKNOWN_LINE in faults:
        yield Line(
            "capture", new_id("bcap"), "opn_of_somebody_else", new_id("bpay"), "", "EUR", 7700, 92, timezone.now()
        )


def _render(name: str, lines: Iterable[Line]) -> str:
    """Header, lines, a total per currency, and an end that counts the lines and hashes all that stands before it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    numbered = list(enumerate(lines, start=1))
    for number, line in numbered:
        ids = (line.type, line.object, line.reference, line.payment, line.payment_reference, line.currency)
        moment = line.occurred_at.isoformat()
        writer.writerow(("line", name, number, *ids, line.gross, line.fee, line.net, moment))
    for currency, sums in _totals([line for _, line in numbered]).items():
        blanks = ("", "", "", "", "")
        writer.writerow(("total", name, sums["count"], *blanks, currency, sums["gross"], sums["fee"], sums["net"], ""))
    digest = hashlib.sha256(text.getvalue().encode()).hexdigest()
    writer.writerow(("end", name, len(numbered), "sha256", digest, *[""] * (len(COLUMNS) - 5)))
    return text.getvalue()


def _totals(lines: Iterable[Line]) -> dict[str, dict[str, int]]:
    totals: dict[str, dict[str, int]] = {}
    for line in lines:
        sums = totals.setdefault(line.currency, {"count": 0, "gross": 0, "fee": 0, "net": 0})
        for column, value in (("count", 1), ("gross", line.gross), ("fee", line.fee), ("net", line.net)):
            sums[column] += value
    return dict(sorted(totals.items()))
