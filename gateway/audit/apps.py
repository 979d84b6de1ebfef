from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Who did what: append-only, sealed into a hash chain."""

    name = "gateway.audit"
    label = "audit"
