"""`manage.py seed_history`: two weeks of believable payments for the demo merchant, through the bank and the services."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from demo.history import live_through_history
from demo.merchant import SLUG
from gateway.core.tenancy import Tenant
from merchants.models import Merchant


class Command(BaseCommand):
    """Live through the two weeks, once; a clock that has arrived in the present leaves nothing to do."""

    help = "Take two weeks of demo payments on the demo merchant's clock, which steps to the present. Needs a worker."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How patient to be."""
        parser.add_argument("--timeout", type=float, default=90, help="seconds until it gives up")

    def handle(self, *args: Any, **options: Any) -> None:
        """Find the merchant and go."""
        merchant = Merchant.objects.filter(slug=SLUG).first()
        if merchant is None:
            raise CommandError("There is no demo merchant; run seed_demo first.")
        try:
            payments = live_through_history(Tenant(merchant.id, livemode=False), timeout_s=options["timeout"])
        except TimeoutError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{payments} payments")
