"""`manage.py seed_demo`: a merchant to sign in to, with keys, a bank account and the example shop's endpoint."""

from __future__ import annotations

import json
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from demo.merchant import seed_merchant


class Command(BaseCommand):
    """Make the demo merchant, or renew its secrets when it exists."""

    help = "Make the demo merchant (or renew its secrets) and write what is needed to use it as JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file and the shop's address."""
        parser.add_argument("--json", type=Path, required=True, help="where to write the credentials (mode 0600)")
        parser.add_argument("--shop-url", required=True, help="the example shop, which receives webhooks")
        parser.add_argument("--no-history", action="store_true", help="the clock does not start two weeks ago")

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed and write."""
        made = seed_merchant(shop_url=options["shop_url"], with_history=not options["no_history"])
        seed = {
            "dashboard": {"email": made.email, "password": made.password},
            "api_key": {"id": made.key_id, "secret": made.key_secret},
            "publishable_key": made.publishable_key,
            "shop": {"webhook_secret": made.webhook_secret},
        }
        descriptor = os.open(options["json"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(json.dumps(seed, indent=2) + "\n")
