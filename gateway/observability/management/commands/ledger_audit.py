"""`manage.py ledger_audit`: are the books in order?"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from django.core.management.base import BaseCommand

from gateway.ledger.selectors.balances import trial_balance
from gateway.observability.services.audit_truths import audit_truths


class Command(BaseCommand):
    """Every truth about the books, as the nightly run checks them. `check_invariants` runs chosen ones and keeps nothing."""

    help = (
        "Recompute balances and checkpoints from the entries, show the trial balance, and check every rule about money"
        " that must hold: all of them, however long it takes. Changes no books."
        " Exit status 0: the books are in order; 1: they are not, and the report says where."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """In which form."""
        parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Read, compare, report, exit."""
        rows = trial_balance()
        results = audit_truths()
        broken = [result for result in results if not result.holds]
        if options["json"]:
            report = {
                "ok": not broken,
                "trial_balance": rows,
                "invariants": [result.shown() for result in results],
            }
            self.stdout.write(json.dumps(report))
        else:
            for row in rows:
                mode = "live" if row["livemode"] else "test"
                self.stdout.write(f"{row['currency']} {mode}: debits {row['debits']}, credits {row['credits']}")
            for result in results:
                for line in result.lines():
                    self.stdout.write(line)
            self.stdout.write("The books are in order." if not broken else f"{len(broken)} rules are broken.")
        if broken:
            sys.exit(1)
