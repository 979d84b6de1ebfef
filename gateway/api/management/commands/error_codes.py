"""`manage.py error_codes`: the error-code page."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from gateway.api.error_codes import as_markdown


class Command(BaseCommand):
    """Prints the page, or writes it where it is told."""

    help = "Generate docs/errors.md from the error classes."

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
