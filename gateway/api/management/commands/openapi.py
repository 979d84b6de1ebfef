"""`manage.py openapi`: the description of the API, for tools and for the snapshot."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand

from gateway.api.openapi import document


class Command(BaseCommand):
    """Prints the document, writes it, or compares it with a file."""

    help = "The OpenAPI 3.1 document of the merchant API, as JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to do with it."""
        parser.add_argument("--write", type=Path, help="a file to write instead of standard output")
        parser.add_argument("--check", type=Path, help="exit 1 unless this file is exactly the present document")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print, write or compare."""
        text = orjson.dumps(document(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode() + "\n"
        if options["check"] is not None:
            if options["check"].read_text() != text:
                name = options["check"]
                self.stderr.write(f"{name} differs from the API. If the change is meant: make openapi > {name}")
                sys.exit(1)
        elif options["write"] is not None:
            options["write"].write_text(text)
        else:
            self.stdout.write(text, ending="")
