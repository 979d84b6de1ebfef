"""The bank's one Django app."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class BankConfig(AppConfig):
    """Tables of the bank. `migrate` also writes the accounts that the environment names: one command sets a bank up."""

    name = "bank"
    label = "bank"

    def ready(self) -> None:
        """Open the configured accounts after each migration."""
        post_migrate.connect(_open_configured_accounts, sender=self)


def _open_configured_accounts(**_: Any) -> None:
    from django.conf import settings

    from bank.accounts import open_account

    for entry in settings.BANK_ACCOUNTS:
        open_account(
            account_id=entry["id"],
            name=entry.get("name", ""),
            api_key=entry["api_key"],
            webhook_url=entry.get("webhook_url", ""),
            webhook_secret=entry.get("webhook_secret", ""),
        )
