"""Logs, metrics, health, invariants."""

import sys
import threading

from django.apps import AppConfig


class ObservabilityConfig(AppConfig):
    """What tells people how the gateway is doing, without telling what must not be told."""

    name = "gateway.observability"
    label = "observability"

    def ready(self) -> None:
        """What nobody catches is printed redacted and without local variables."""
        from gateway.observability.errors import print_uncaught, print_uncaught_in_thread

        sys.excepthook = print_uncaught
        threading.excepthook = print_uncaught_in_thread
