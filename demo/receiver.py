"""The demo's webhook receiver: verifies every delivery, answers 204, remembers what came."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from examples.shop.webhooks import NotGenuine, verify


class Receiver:
    """An HTTP server on loopback. `verified` maps each event id to its type; `refused` counts what did not verify."""

    def __init__(self, port: int = 0) -> None:
        self.secret = ""
        self.verified: dict[str, str] = {}
        self.refused = 0
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                self.send_response(receiver.take({name.lower(): value for name, value in self.headers.items()}, body))
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                """Say nothing: the demo's output is one line of JSON."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/webhooks"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self, headers: dict[str, str], body: bytes) -> int:
        """The status to answer with."""
        with self._lock:
            try:
                event = verify(self.secret, headers, body, now=time.time())
            except NotGenuine:
                self.refused += 1
                return 400
            self.verified[event["id"]] = event["type"]
            return 204

    def stop(self) -> None:
        """Close the port."""
        self._server.shutdown()
        self._server.server_close()
