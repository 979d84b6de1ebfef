from django.apps import AppConfig


class WorkConfig(AppConfig):
    """Durable work: PostgreSQL owns it, the broker only rings."""

    name = "gateway.work"
    label = "work"
