"""Webhook receivers: a steady one that verifies, and a moody one that hangs, drips, refuses, and is well at the end."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import socket
import socketserver
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

Mood = Literal["well", "hang", "drip", "refuse", "hang_up"]
MOODS: tuple[Mood, ...] = ("hang", "drip", "refuse", "hang_up")
_PATIENCE_S = 20.0


@dataclass
class Receiver:
    """Listens on a loopback port of its own. `seen` counts deliveries by webhook id; `forged` those that do not verify."""

    mood: Mood = "well"
    secrets: dict[str, str] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    forged: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.receiver = self
        self.address = "{}:{}".format(*self._server.server_address)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def url(self, name: str) -> str:
        """Where the merchant of this name is told."""
        return f"http://{self.address}/{name}"

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def take(self, path: str, headers: dict[str, str], body: bytes) -> None:
        """Verify one delivery as the Standard Webhooks say, and remember it."""
        webhook_id = headers.get("webhook-id", "")
        secret = self.secrets.get(path.strip("/"), "")
        signed = f"{webhook_id}.{headers.get('webhook-timestamp', '')}.".encode() + body
        key = base64.b64decode(secret.removeprefix("whsec_"))
        wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        with self._lock:
            if wanted in headers.get("webhook-signature", "").split(" "):
                self.seen[webhook_id] += 1
            else:
                self.forged.append(webhook_id)


class _Handler(socketserver.StreamRequestHandler):
    timeout = _PATIENCE_S

    def handle(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._answer()

    def _answer(self) -> None:
        receiver: Receiver = self.server.receiver  # type: ignore[attr-defined]
        mood = receiver.mood
        if mood == "hang_up":
            return
        words = self.rfile.readline().decode().split(" ")
        headers: dict[str, str] = {}
        while line := self.rfile.readline().decode().strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = self.rfile.read(int(headers.get("content-length", "0")))
        match mood:
            case "hang":
                self._until_gone()
            case "drip":
                self._drip()
            case "refuse":
                self.wfile.write(b"HTTP/1.1 500 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            case _:
                receiver.take(words[1], headers, body)
                self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")

    def _until_gone(self) -> None:
        self.connection.settimeout(_PATIENCE_S)
        self.connection.recv(1)

    def _drip(self) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        self.connection.sendall(b"HTTP/1.1 200 OK\r\nx-slow: ")
        while time.monotonic() < deadline:
            self.connection.sendall(b"a")
            time.sleep(1)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64
    receiver: Any

    def handle_error(self, request: socket.socket | tuple[bytes, socket.socket], client_address: Any) -> None:
        """A caller that went away is what these receivers are for."""
