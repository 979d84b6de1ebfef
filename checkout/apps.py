"""The hosted checkout."""

from django.apps import AppConfig


class CheckoutConfig(AppConfig):
    """Sessions and the pages on which customers pay."""

    name = "checkout"
    verbose_name = "Checkout"
