from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """Double entry: accounts, transactions, entries, checkpoints."""

    name = "gateway.ledger"
    label = "ledger"
