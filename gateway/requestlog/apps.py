"""The app that remembers API requests."""

from django.apps import AppConfig


class RequestLogConfig(AppConfig):
    """API requests, redacted, for the merchant's developers."""

    name = "gateway.requestlog"
    label = "requestlog"
