"""The one way to an adapter. `settings.PROVIDERS`: provider -> dotted path of a class that is a `Provider`."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.utils.module_loading import import_string

from payments.providers.base import Provider


class UnknownProvider(LookupError):
    """No adapter of this name is installed."""


def get_provider(name: str) -> Provider:
    """The adapter of this name. Raises `UnknownProvider`."""
    path = settings.PROVIDERS.get(name)
    if path is None:
        raise UnknownProvider(name)
    return _adapter(path)


def provider_names() -> tuple[str, ...]:
    """Every installed adapter, sorted."""
    return tuple(sorted(settings.PROVIDERS))


@lru_cache(maxsize=64)
def _adapter(path: str) -> Provider:
    adapter: Provider = import_string(path)()
    return adapter
