"""`python -m bank.manage send_webhooks`: the sender as a process of its own."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from bank.sender import run_forever


class Command(BaseCommand):
    """Deliver webhooks until stopped (with BANK_WEBHOOK_SENDER=off in the web process)."""

    help = "Deliver the webhooks that the bank owes, until stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until interrupted; a row in flight is leased and comes back."""
        try:
            run_forever()
        except KeyboardInterrupt:
            self.stdout.write("stopped")
