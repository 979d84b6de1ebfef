"""Orders, customers, payment methods, payments and their operations."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """The app `payments`."""

    name = "payments"
    label = "payments"
