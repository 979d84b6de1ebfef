"""`manage.py import_settlements`: look for settlement files now."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from reconciliation.services.import_settlements import import_settlements


class Command(BaseCommand):
    """Asks now what beat asks every day; the worker does the rest."""

    help = "Look for new settlement files at every provider account. A worker fetches, compares and posts them."

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask, and say how many accounts were asked about."""
        self.stdout.write(f"{import_settlements()} provider accounts are asked for their settlement files.")
