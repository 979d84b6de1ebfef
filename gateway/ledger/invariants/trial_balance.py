"""Debits equal credits over all entries, per currency and mode."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.invariants import Violation
from gateway.ledger.selectors import balances

NAME = "ledger.trial_balance"
DESCRIPTION = "Over all entries, debits equal credits per currency and mode."


def violations() -> Iterator[Violation]:
    """Currencies that do not add up to zero; entries without a transaction have no mode and count by themselves."""
    for row in balances.trial_balance():
        difference = row["debits"] - row["credits"]
        if difference:
            mode = {True: "live", False: "test", None: "of no transaction"}[row["livemode"]]
            yield Violation(f"{row['currency']} {mode}", f"out of balance by {difference}")
