"""Reconciliation: what others wrote down, compared with what we did."""

from django.apps import AppConfig


class ReconciliationConfig(AppConfig):
    """Settlement files of providers, line by line; the oracle; the sweep of what has no end."""

    name = "reconciliation"
