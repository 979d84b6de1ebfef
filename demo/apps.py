from django.apps import AppConfig


class DemoConfig(AppConfig):
    """Commands that fill a fresh installation with a merchant to look at. Owns no tables."""

    name = "demo"
    label = "demo"
