"""`manage.py check_invariants`: does everything that must hold hold?"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from gateway.core.invariants import run


class Command(BaseCommand):
    """Run the invariants; exit status 1 when one is broken."""

    help = "Run the truths that must always hold. Exit status 0: all hold; 1: something is broken, and listed."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Which, and in which form."""
        parser.add_argument(
            "names", nargs="*", help="modules or their endings (ledger.invariants.trial_balance); all if none"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run, print, exit."""
        paths = list(settings.INVARIANTS)
        if options["names"]:
            paths = [path for path in paths if any(path.endswith(name) for name in options["names"])]
            if not paths:
                message = "no invariant has this name"
                raise CommandError(message)
        results = run(paths)
        broken = [result for result in results if not result.holds]
        if options["json"]:
            report = {"ok": not broken, "invariants": [result.shown() for result in results]}
            self.stdout.write(json.dumps(report))
        else:
            for result in results:
                for line in result.lines():
                    self.stdout.write(line)
            self.stdout.write(f"{len(results) - len(broken)} of {len(results)} hold.")
        if broken:
            sys.exit(1)
