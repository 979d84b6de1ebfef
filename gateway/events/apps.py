from django.apps import AppConfig


class EventsConfig(AppConfig):
    """Public facts: emitted with the change they describe, never changed, handed to every consumer."""

    name = "gateway.events"
    label = "events"
