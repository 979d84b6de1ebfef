"""The environment of every process of one data folder: addresses, ports and secrets, in the words of the settings."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from embedded.layout import EmbeddedError, Layout, ensure_secrets
from embedded.services import EmbeddedServices

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Ports:
    """Where the three sites listen, on the loopback address only, and a receiver of webhooks beside them, if any."""

    web: int
    bank: int
    shop: int
    receiver: int | None = None

    @classmethod
    def chosen(cls, environment: Mapping[str, str]) -> "Ports":
        """`PORT` (8000), and the next two unless `BANK_PORT` and `SHOP_PORT` say otherwise."""
        try:
            web = int(environment.get("PORT") or 8000)
            return cls(
                web=web,
                bank=int(environment.get("BANK_PORT") or web + 1),
                shop=int(environment.get("SHOP_PORT") or web + 2),
            )
        except ValueError as error:
            raise EmbeddedError("PORT, BANK_PORT and SHOP_PORT are numbers.") from error

    @classmethod
    def free(cls) -> "Ports":
        """Ports that nobody listens on now."""
        sockets = [socket.socket() for _ in range(4)]
        try:
            for each in sockets:
                each.bind((HOST, 0))
            return cls(*(each.getsockname()[1] for each in sockets))
        finally:
            for each in sockets:
                each.close()

    def refuse_taken(self) -> None:
        """Raise, naming the port and the way out, when somebody listens on one of them."""
        for variable, port in (("PORT", self.web), ("BANK_PORT", self.bank), ("SHOP_PORT", self.shop)):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((HOST, port))
                except OverflowError as error:
                    raise EmbeddedError(f"{variable}={port} is no port: ports are 1 to 65535.") from error
                except PermissionError as error:
                    raise EmbeddedError(
                        f"Port {port} needs more rights. Choose one above 1023: {variable}=8000"
                    ) from error
                except OSError as error:
                    raise EmbeddedError(
                        f"Port {port} is in use by another program. Choose another: make run {variable}={port + 1000}"
                    ) from error

    def url(self, part: str) -> str:
        """The address of `web`, `bank` or `shop`."""
        return f"http://{HOST}:{getattr(self, part)}"


def process_environment(
    layout: Layout, servers: EmbeddedServices, ports: Ports, *, isolated: bool = False
) -> dict[str, str]:
    """What every process of this folder gets. What the caller's own environment sets wins, except addresses of ours.

    `isolated`, for what is thrown away afterwards: the caller's servers and secrets are not touched either.
    """
    secrets = ensure_secrets(layout)
    own = [port for port in (ports.shop, ports.receiver) if port]
    receivers = [*(f"{HOST}:{port}" for port in own), *filter(None, os.environ.get("DEV_WEBHOOK_ALLOW", "").split(","))]
    defaults = {
        "DATABASE_URL": servers.database_url,
        "DATABASE_OWNER_URL": servers.owner_database_url,
        "BANK_DATABASE_URL": servers.bank_database_url,
        "BROKER_URL": servers.broker_url,
        "CACHE_URL": servers.cache_url,
        "WEB_THREADS": "8",
        "SECRET_KEY": secrets["secret_key"],
        "ENCRYPTION_KEYS": secrets["encryption_keys"],
        "FINGERPRINT_KEYS": secrets["fingerprint_keys"],
        "BANK_SECRET_KEY": secrets["bank_secret_key"],
        "BANK_ADMIN_KEY": secrets["bank_admin_key"],
    }
    ours = {
        "DJANGO_SETTINGS_MODULE": "config.settings.local",
        "DEBUG": "off",
        "GATEWAY_VAR": str(layout.var),
        "PUBLIC_URL": ports.url("web"),
        "BANK_URL": ports.url("bank"),
        "BANK_PUBLIC_URL": ports.url("bank"),
        "BANK_BIND": f"{HOST}:{ports.bank}",
        "BANK_WEBHOOK_SENDER": "thread",
        "SHOP_URL": ports.url("shop"),
        "SHOP_PORT": str(ports.shop),
        "GATEWAY_URL": ports.url("web"),
        "DEV_WEBHOOK_ALLOW": ",".join(receivers),
        "PYTHONUNBUFFERED": "1",
    }
    return os.environ | defaults | ours if isolated else defaults | os.environ | ours
