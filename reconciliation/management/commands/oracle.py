"""`manage.py oracle`: compare the bank, the ledger, the payments and the deliveries."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from reconciliation.services.oracle import compare


class Command(BaseCommand):
    """Prints every difference as a sentence; exit status 1 when there is any."""

    help = (
        "Compare the simulated bank's journal with the ledger, the payments and refunds, and the events delivered. "
        "Run it when the queues are quiet (wait_quiet). Exit status 1 when anything differs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """One option."""
        parser.add_argument("--json", action="store_true", help="print one JSON object: ok, differences, counts")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare and print."""
        result = compare()
        if options["json"]:
            self.stdout.write(json.dumps({"ok": result.ok, **asdict(result)}))
        else:
            for difference in result.differences:
                self.stdout.write(difference)
            counted = ", ".join(f"{value} {name.replace('_', ' ')}" for name, value in result.counts.items())
            self.stdout.write(f"{len(result.differences)} differences over {counted}.")
        if not result.ok:
            raise SystemExit(1)
