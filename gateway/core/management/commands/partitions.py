"""`manage.py partitions`: make the months to come, retire what is older than its retention, or only tell."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gateway.core import partitions


class Command(BaseCommand):
    """Exit status 0 when every partition of this month and the next exists at the end."""

    help = (
        "Make missing monthly partitions (3 months back to 3 ahead) with their triggers and grants, and drop those "
        "whose every row is older than the table's retention."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when one is missing")
        parser.add_argument(
            "--drop", metavar="PARTITION", help="drop this one; refused while it is inside the retention"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["drop"]:
            partitions.drop(options["drop"])
            self.stdout.write(f"dropped {options['drop']}")
        elif not options["check"]:
            for change in partitions.maintain():
                self.stdout.write(f"{change.action} {change.partition}")
        if absent := partitions.missing():
            raise CommandError(f"missing: {', '.join(absent)}")
        self.stdout.write("every partition of this month and the next exists")
