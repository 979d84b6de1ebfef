"""A webhook receiver on a loopback port that behaves as told: answers, hangs, drips, redirects, hangs up."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Received:
    """One request as it came: header names in lower case, and the raw body."""

    path: str
    headers: dict[str, str]
    body: bytes


Behaviour = Callable[[socket.socket], None]


def answer(status: int = 200, body: bytes = b"ok", **headers: str) -> Behaviour:
    """Answer at once."""

    def behave(connection: socket.socket) -> None:
        lines = [f"HTTP/1.1 {status} Whatever", f"content-length: {len(body)}", "connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)

    return behave


def hang(seconds: float = 30.0) -> Behaviour:
    """Say nothing until the caller has gone."""

    def behave(connection: socket.socket) -> None:
        connection.settimeout(seconds)
        with suppress(OSError):
            connection.recv(1)

    return behave


def drip(seconds: float = 30.0) -> Behaviour:
    """Answer one header byte at a time, for ever."""

    def behave(connection: socket.socket) -> None:
        deadline = time.monotonic() + seconds
        with suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nx-slow: ")
            while time.monotonic() < deadline:
                connection.sendall(b"a")
                time.sleep(0.05)

    return behave


def hang_up(connection: socket.socket) -> None:
    """Close without an answer."""
    connection.shutdown(socket.SHUT_RDWR)


@dataclass
class Receiver:
    """`requests` are what came; `behaviours` are used up one by one, then `default` for ever."""

    server: Any
    requests: list[Received] = field(default_factory=list)
    behaviours: list[Behaviour] = field(default_factory=list)
    default: Behaviour = field(default_factory=answer)

    @property
    def address(self) -> str:
        """`host:port`, for DEV_WEBHOOK_ALLOW."""
        host, port = self.server.server_address
        return f"{host}:{port}"

    @property
    def url(self) -> str:
        """Where to send."""
        return f"http://{self.address}/hooks"


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        receiver: Receiver = self.server.receiver  # type: ignore[attr-defined]
        request_line = self.rfile.readline().decode()
        headers: dict[str, str] = {}
        while (line := self.rfile.readline().decode().strip()) != "":
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = self.rfile.read(int(headers.get("content-length", "0")))
        receiver.requests.append(Received(request_line.split(" ")[1], headers, body))
        behave = receiver.behaviours.pop(0) if receiver.behaviours else receiver.default
        with suppress(OSError):
            behave(self.connection)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextmanager
def running_receiver() -> Iterator[Receiver]:
    """A receiver on a free loopback port for the length of the block."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        receiver = Receiver(server)
        server.receiver = receiver  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
