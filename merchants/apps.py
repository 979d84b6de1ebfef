from django.apps import AppConfig


class MerchantsConfig(AppConfig):
    """Merchants, the people of their teams, and the credentials that act in their name."""

    name = "merchants"
    label = "merchants"

    def ready(self) -> None:
        """Tell the OpenAPI generator about our ways to authenticate."""
        from merchants.api import openapi  # noqa: F401  (registers by being imported)
