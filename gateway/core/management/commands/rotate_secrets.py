"""`manage.py rotate_secrets`: seal everything again with the current encryption key."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from gateway.core.rotation import rotate, sealed_with_older_keys


class Command(BaseCommand):
    """Rotate the encryption of provider credentials, webhook secrets and data keys."""

    help = (
        "Seal stored secrets again with the first key of ENCRYPTION_KEYS. Run it after putting a new key first; when"
        " --check says that nothing waits, the older keys may be removed. Exit status 0: nothing waits any more; 1: some do."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Do it, or only look."""
        parser.add_argument("--check", action="store_true", help="change nothing; say how many values wait")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Rotate, report, exit."""
        if not options["check"]:
            for column in settings.SEALED_COLUMNS:
                self.stdout.write(f"{column}: {rotate(column)} sealed again")
        waiting = sealed_with_older_keys()
        for column, count in waiting.items():
            if count:
                self.stdout.write(f"{column}: {count} wait")
        if any(waiting.values()):
            sys.exit(1)
        self.stdout.write("Everything is sealed with the current key.")
