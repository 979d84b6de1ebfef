"""Refunds: captured money on its way back."""

from django.apps import AppConfig


class RefundsConfig(AppConfig):
    """The app that sends captured money back."""

    name = "refunds"
    default_auto_field = "django.db.models.BigAutoField"
