"""`manage.py wait_quiet`: return when nothing is left to do."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from reconciliation.services.quiet import is_quiet, what_is_left

_POLL_S = 0.2


class Command(BaseCommand):
    """Polls until the gateway is quiet, at most `--timeout` seconds."""

    help = "Wait until no work is due, running or waiting (business timers aside) and every delivery has its end."

    def add_arguments(self, parser: CommandParser) -> None:
        """One option."""
        parser.add_argument("--timeout", type=float, default=120.0, help="seconds to wait at most (default 120)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Wait; exit status 1 and what is left when the time is over."""
        deadline = time.monotonic() + options["timeout"]
        while not is_quiet():
            if time.monotonic() > deadline:
                raise CommandError(f"Not quiet after {options['timeout']:g} s: {what_is_left()}.")
            time.sleep(_POLL_S)
        self.stdout.write("quiet")
