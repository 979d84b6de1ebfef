"""The simulated bank's own journal: the independent witness."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from payments.providers.base import AccountCredentials
from reconciliation.services.ask_bank import ask_bank

_PAGE = 1000
_MAX_PAGES = 10_000


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One line: `reference` is our id of the operation or refund, `object` the bank's."""

    kind: str  # authorize | capture | void | refund | decline | tombstone
    payment: str
    object: str
    reference: str
    key: str
    amount: int
    currency: str


def read_bank_journal(*, account: AccountCredentials) -> Iterator[JournalLine]:
    """Every line of that account's journal, oldest first. Raises `BankUnreadable`."""
    after = 0
    for _ in range(_MAX_PAGES):
        page = ask_bank(account=account, path=f"/v1/journal?after={after}&limit={_PAGE}")
        for line in page["data"]:
            yield JournalLine(
                kind=line["kind"],
                payment=line["payment"] or "",
                object=line["object"] or "",
                reference=line["reference"] or "",
                key=line["key"] or "",
                amount=line["amount"],
                currency=line["currency"] or "",
            )
        if not page["has_more"]:
            return
        after = page["next_after"]
