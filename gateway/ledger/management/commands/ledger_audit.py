"""`manage.py ledger_audit`: are the books in order?"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from gateway.core.invariants import run
from gateway.ledger.selectors.balances import trial_balance


class Command(BaseCommand):
    """Recompute the books from their entries and compare them with everything that depends on them."""

    help = (
        "Recompute balances and checkpoints from the entries, show the trial balance, and check every rule about money"
        " that must hold. Reads only. Exit status 0: the books are in order; 1: they are not, and the report says where."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """In which form."""
        parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Read, compare, report, exit."""
        rows = trial_balance()
        results = run(settings.INVARIANTS)
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
