"""The one door to the embedded servers: `ensure(var)` starts what does not run and says where it listens."""

import os
from dataclasses import dataclass
from urllib.parse import quote

from embedded import postgres, valkey
from embedded.layout import Layout, ensure_secrets


@dataclass(frozen=True)
class EmbeddedServices:
    """Addresses in the form that the settings read from the environment."""

    database_url: str
    owner_database_url: str
    bank_database_url: str
    broker_url: str
    cache_url: str


def ensure(var: str | os.PathLike[str], profile: str = "run") -> EmbeddedServices:
    """Start PostgreSQL and, where its wheel exists, Valkey below `var`; any number of processes may call at once.

    Returns within about 0.1 s when both run already. `profile` is `run` (durable) or `test` (fast) and counts only for
    a server that is started now.
    """
    layout = Layout.of(var)
    layout.create()
    with layout.locked("services"):
        postgres.start(layout, profile)
        if valkey.binary() is not None:
            valkey.start(layout, profile)
    secrets = ensure_secrets(layout)
    return EmbeddedServices(
        database_url=postgres.url(layout, postgres.APP, secrets["database_app_password"], "gateway"),
        owner_database_url=postgres.url(layout, postgres.OWNER, secrets["database_owner_password"], "gateway"),
        bank_database_url=postgres.url(layout, postgres.BANK, secrets["database_bank_password"], "bank"),
        broker_url=broker_url(layout),
        cache_url=cache_url(layout),
    )


def broker_url(layout: Layout) -> str:
    """Valkey's socket, or Celery's folders on disk where there is no Valkey. Starts nothing."""
    if valkey.binary() is None:
        return f"filesystem://localhost{quote(str(layout.var / 'broker'))}"
    return f"redis+socket://{quote(str(layout.valkey_socket))}?virtual_host=0"


def cache_url(layout: Layout) -> str:
    """Valkey's socket, or a table of the database where there is no Valkey. Starts nothing."""
    if valkey.binary() is None:
        return "dbcache://django_cache"
    return f"redis://{quote(str(layout.valkey_socket))}?db=1"


def stop(var: str | os.PathLike[str]) -> list[str]:
    """Stop what runs below `var`; the names of what was stopped."""
    layout = Layout.of(var)
    if not layout.var.exists():
        return []
    with layout.locked("services"):
        stopped = {"valkey": valkey.stop(layout), "postgres": postgres.stop(layout)}
    return [name for name, was_running in stopped.items() if was_running]


def status(var: str | os.PathLike[str]) -> dict[str, bool]:
    """Which servers of this folder answer now; Valkey is left out where there is no binary of it."""
    layout = Layout.of(var)
    state = {"postgres": postgres.is_ready(layout)}
    if valkey.binary() is not None:
        state["valkey"] = valkey.is_ready(layout)
    return state
