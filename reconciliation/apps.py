"""Reconciliation: what others wrote down, compared with what we did."""

from django.apps import AppConfig


class ReconciliationConfig(AppConfig):
    """The app that compares and asks again; it owns no table yet."""

    name = "reconciliation"
