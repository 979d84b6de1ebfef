"""The app of keys that make requests repeatable."""

from django.apps import AppConfig


class IdempotencyConfig(AppConfig):
    """Idempotency keys and stored answers."""

    name = "gateway.idempotency"
    label = "idempotency"
