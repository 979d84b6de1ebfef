"""Webhooks: endpoints and deliveries outbound, the inbox of provider events inbound."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """The app that tells the outside world what happened, and hears what providers say."""

    name = "webhooks"
    default_auto_field = "django.db.models.BigAutoField"
