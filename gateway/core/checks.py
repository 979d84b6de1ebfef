"""What `manage.py check --deploy` demands of a deployment beside Django's own."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register


@register("gateway", deploy=True)
def check_database_roles(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The app's role must not be the owner's: only then is append-only a fact and not a habit."""
    databases = settings.DATABASES
    if "owner" not in databases:
        hint = "Run this check where `migrate` runs, with DATABASE_OWNER_URL set."
        return [Warning("The owner's database role is not known here.", hint=hint, id="gateway.W001")]
    if databases["owner"]["USER"] == databases["default"]["USER"]:
        hint = "Give the app a role of its own, without CREATE: see docs/decisions/0004-two-database-roles.md."
        return [Error("DATABASE_URL and DATABASE_OWNER_URL name the same role.", hint=hint, id="gateway.E001")]
    return []


@register("gateway", deploy=True)
def check_proxies(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Who believes a proxy's word for TLS must believe its word for the address too, or all customers share one."""
    if settings.SECURE_PROXY_SSL_HEADER and settings.TRUSTED_PROXIES == 0:
        hint = "Set TRUSTED_PROXIES to the number of proxies in front, or BEHIND_TLS_PROXY=off where there is none."
        message = "A proxy is in front and TRUSTED_PROXIES is 0: limits would count everybody as one address."
        return [Error(message, hint=hint, id="gateway.E005")]
    return []


@register("gateway", deploy=True)
def check_nothing_of_tests(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """What bends time, addresses or processes for tests has no place in a deployment."""
    wrong = {
        "E002": (
            "WEBHOOK_TIME_SCALE must be 1: it shortens the waits between deliveries.",
            settings.WEBHOOK_TIME_SCALE != 1,
        ),
        "E003": ("DEV_WEBHOOK_ALLOW must be empty: it opens loopback addresses.", bool(settings.DEV_WEBHOOK_ALLOW)),
        "E004": ("ALLOW_CRASH_POINTS must be off: it lets the environment kill workers.", settings.ALLOW_CRASH_POINTS),
    }
    return [Error(message, id=f"gateway.{code}") for code, (message, is_wrong) in wrong.items() if is_wrong]
