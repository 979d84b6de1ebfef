"""`manage.py permissions`: who may do what, as a page."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from merchants.rules.permissions import as_markdown


class Command(BaseCommand):
    """Prints the page, or writes it where it is told."""

    help = "Generate docs/permissions.md from the one table of roles and permissions."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to write."""
        parser.add_argument("--write", type=Path, help="a file to write instead of standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print or write."""
        page = as_markdown()
        if options["write"] is None:
            self.stdout.write(page, ending="")
        else:
            options["write"].write_text(page)
