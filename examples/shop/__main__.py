"""`python -m examples.shop`: serve the shop. Everything it needs to know comes from the environment."""

from __future__ import annotations

import os
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from examples.shop.app import Shop
from examples.shop.gateway import Gateway
from examples.shop.store import Store


class ThreadingServer(ThreadingMixIn, WSGIServer):
    """One thread per request, so that a webhook can arrive while a page waits for the gateway."""

    daemon_threads = True


class QuietHandler(WSGIRequestHandler):
    """Logs nothing: the path may carry an order's reference."""

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


def main() -> None:
    """Serve until interrupted."""
    port = int(os.environ.get("SHOP_PORT", "8002"))
    shop = Shop(
        gateway=Gateway(
            url=os.environ["GATEWAY_URL"],
            key_id=os.environ["GATEWAY_API_KEY_ID"],
            secret=os.environ["GATEWAY_API_SECRET"],
        ),
        store=Store(os.environ.get("SHOP_DATABASE", "shop.sqlite3")),
        webhook_secret=os.environ["GATEWAY_WEBHOOK_SECRET"],
        url=os.environ.get("SHOP_URL", f"http://127.0.0.1:{port}"),
    )
    with make_server("127.0.0.1", port, shop, ThreadingServer, QuietHandler) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
