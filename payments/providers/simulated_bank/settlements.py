"""Settlement files of the bank, read strictly: a file that contradicts itself anywhere is refused as a whole."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from gateway.core.currencies import is_currency
from gateway.core.money import MAX_AMOUNT
from payments.providers.base import SettledMovement, SettlementFile, SettlementFileRef, SettlementTotals, UnreadableFile

_COLUMNS = (
    "record", "file", "line", "type", "object", "reference", "payment", "payment_reference", "currency", "gross", "fee",
    "net", "occurred_at",
)  # fmt: skip
_LINES_MAX = 1_000_000
_TYPE_LENGTH = 64
# The bank's kinds in our words; one that we do not know stays as it is, and is for a person to explain.
_TYPES = {"capture": "capture", "refund": "refund", "refund_returned": "refund_returned"}


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the file by column, with the number of its line for whoever has to look at it."""

    number: int
    cells: Mapping[str, str]

    def text(self, column: str) -> str:
        value = self.cells[column]
        if len(value) > 255 or not value.isprintable():
            raise self.wrong(column)
        return value

    def integer(self, column: str) -> int:
        text = self.cells[column]
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 18 and str(int(text)) == text):
            raise self.wrong(column)
        return int(text)

    def amount(self, column: str) -> int:
        value = self.integer(column)
        if abs(value) > MAX_AMOUNT:
            raise self.wrong(column)
        return value

    def wrong(self, column: str) -> UnreadableFile:
        return UnreadableFile(f"Row {self.number}: {column} cannot be read.")


def file_refs(body: Mapping[str, Any]) -> tuple[SettlementFileRef, ...]:
    """The bank's list of closed files, oldest first."""
    refs = (SettlementFileRef(str(item["id"]), date.fromisoformat(item["date"])) for item in body["data"])
    return tuple(sorted(refs, key=lambda ref: (ref.date, ref.id)))


def settlement_file(ref: SettlementFileRef, raw: bytes) -> SettlementFile:
    """The file as values. Raises `UnreadableFile` when it is truncated, altered or not what it says it is."""
    lines: list[SettledMovement] = []
    totals: dict[str, SettlementTotals] = {}
    for row in _rows(_checked(raw, ref.id)):
        if row.cells["file"] != ref.id:
            raise row.wrong("file")
        if row.cells["record"] == "line" and not totals:
            lines.append(_movement(row, number=len(lines) + 1))
        elif row.cells["record"] == "total":
            totals[row.cells["currency"]] = SettlementTotals(
                row.integer("line"), row.integer("gross"), row.integer("fee"), row.integer("net")
            )
        else:
            raise row.wrong("record")
    if totals != _summed(lines):
        raise UnreadableFile("The totals are not the sums of the lines.")
    return SettlementFile(ref, hashlib.sha256(raw).hexdigest(), tuple(lines), totals)


def _checked(raw: bytes, name: str) -> str:
    """The text before the last row, which counts the lines and hashes everything before it."""
    body, newline, end = raw.rstrip(b"\n").rpartition(b"\n")
    try:
        record, file, count, algorithm, digest, *_ = end.decode("ascii").split(",")
        text = (body + newline).decode()
    except ValueError:
        raise UnreadableFile("The file ends in the middle: its last row is missing.") from None
    if record != "end" or not raw.endswith(b"\n"):
        raise UnreadableFile("The file ends in the middle: its last row is missing.")
    if (file, algorithm) != (name, "sha256") or hashlib.sha256(body + newline).hexdigest() != digest:
        raise UnreadableFile("The checksum does not fit the content.")
    if count != str(text.count("\nline,")):
        raise UnreadableFile("The number of lines is not what the last row says.")
    return text


def _rows(text: str) -> Iterator[_Row]:
    try:
        rows = csv.reader(io.StringIO(text, newline=""), strict=True)
        if tuple(next(rows, ())) != _COLUMNS:
            raise UnreadableFile("The columns are not those that were agreed.")
        for number, cells in enumerate(rows, start=2):
            if len(cells) != len(_COLUMNS) or number > _LINES_MAX:
                raise UnreadableFile(f"Row {number}: it has {len(cells)} columns.")
            yield _Row(number, dict(zip(_COLUMNS, cells, strict=True)))
    except csv.Error as error:
        raise UnreadableFile(f"This is no CSV: {error}.") from error


def _movement(row: _Row, *, number: int) -> SettledMovement:
    kind, gross, fee, net = row.text("type"), row.amount("gross"), row.amount("fee"), row.amount("net")
    if row.integer("line") != number or not row.text("object"):
        raise row.wrong("line")
    if not 0 < len(kind) <= _TYPE_LENGTH:
        raise row.wrong("type")
    if gross == 0 or net != gross - fee:
        raise row.wrong("net")
    if not is_currency(row.cells["currency"]):
        raise row.wrong("currency")
    try:
        occurred_at = datetime.fromisoformat(row.cells["occurred_at"])
    except ValueError:
        raise row.wrong("occurred_at") from None
    if occurred_at.tzinfo is None:
        raise row.wrong("occurred_at")
    return SettledMovement(
        number=number,
        type=_TYPES.get(kind, kind),
        reference=row.text("object"),
        our_id=row.text("reference"),
        provider_payment=row.text("payment"),
        payment_id=row.text("payment_reference"),
        currency=row.cells["currency"],
        gross=gross,
        fee=fee,
        occurred_at=occurred_at,
    )


def _summed(lines: Sequence[SettledMovement]) -> dict[str, SettlementTotals]:
    sums: dict[str, SettlementTotals] = {}
    for line in lines:
        sums[line.currency] = sums.get(line.currency, SettlementTotals(0, 0, 0, 0)).plus(line)
    return sums
