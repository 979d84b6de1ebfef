from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The border: HTTP in, HTTP out. It owns no tables."""

    name = "gateway.api"
    label = "api"
