"""The servers below a throw-away folder: durable PostgreSQL, and a broker that may be stopped and forgets everything."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from embedded import postgres, services, valkey
from embedded.layout import Layout
from embedded.processes import die_with_parent

_START_S = 20


def redis_server() -> str | None:
    """The real Redis of this machine, if there is one."""
    return shutil.which("redis-server")


@dataclass
class Broker:
    """A Redis or Valkey of our own, without persistence: whatever stops it makes it forget."""

    binary: str
    folder: Path
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def socket(self) -> Path:
        """Its unix socket."""
        return self.folder / "broker.sock"

    @property
    def url(self) -> str:
        """In Celery's words."""
        return f"redis+socket://{quote(str(self.socket))}?virtual_host=0"

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = ["--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"]
        options += ["--save", "", "--appendonly", "no", "--dir", str(self.folder)]
        with (self.folder / "log" / "broker.log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.binary, *options], stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent
            )
        deadline = time.monotonic() + _START_S
        while self._say(b"PING\r\n") != b"+PONG\r\n":
            if time.monotonic() > deadline:
                raise RuntimeError(f"the broker did not start; see {self.folder / 'log' / 'broker.log'}")
            time.sleep(0.02)

    def stop(self) -> None:
        """kill -9: everything in it is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
            self.socket.unlink(missing_ok=True)

    def flush(self) -> None:
        """Forget every message."""
        self._say(b"FLUSHALL\r\n")

    def _say(self, command: bytes) -> bytes:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(5)
                connection.connect(str(self.socket))
                connection.sendall(command)
                return connection.recv(100)
        except OSError:
            return b""


def make_broker(layout: Layout, *, real_redis: bool) -> Broker | None:
    """Redis where asked for and installed, else the embedded Valkey; None where there is neither."""
    binary = redis_server() if real_redis else None
    embedded = valkey.binary()
    binary = binary or (str(embedded) if embedded else redis_server())
    return Broker(binary, layout.var) if binary else None


def restart_postgres(layout: Layout, *, held_s: float = 0.0) -> float:
    """Stop the server under everybody's feet and start it again, `held_s` later; the seconds that it was away."""
    started = time.monotonic()
    with layout.locked("services"):
        postgres.stop(layout)
        time.sleep(held_s)
    services.ensure(layout.var)
    return time.monotonic() - started
