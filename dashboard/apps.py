from django.apps import AppConfig


class DashboardConfig(AppConfig):
    """The merchant's pages."""

    name = "dashboard"
    label = "dashboard"
    verbose_name = "Dashboard"
