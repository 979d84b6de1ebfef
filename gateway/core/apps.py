import importlib

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """The ground: it owns the database functions of partitions and roles, and the data keys."""

    name = "gateway.core"
    label = "core"

    def ready(self) -> None:
        importlib.import_module("gateway.core.checks")
