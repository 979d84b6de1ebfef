"""`manage.py audit_verify`: is the audit log what it was?"""

from argparse import ArgumentParser, FileType
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gateway.audit.services.verify import verify
from gateway.core.time_limits import extend_time_limits


class Command(BaseCommand):
    """Exit status 0 when nothing is wrong, 1 with one line per problem."""

    help = "Recompute every hash of the audit chain; report changed, deleted and inserted entries and broken links."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--heads",
            metavar="FILE",
            type=FileType("r", encoding="utf-8"),
            help="a log with the heads that were sealed (- for standard input): finds a chain that was rewritten whole",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        extend_time_limits(seconds=0, whole_session=True)  # the log is read whole
        found = 0
        for problem in verify(heads=options["heads"] or ()):
            found += 1
            self.stdout.write(f"{problem.kind}: {problem.subject} {problem.detail}")
        if found:
            raise CommandError(f"{found} problems found")
        self.stdout.write("the audit log is intact")
