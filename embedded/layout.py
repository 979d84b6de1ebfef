"""Where everything of the embedded mode lives, and the secrets it makes for itself once."""

import base64
import contextlib
import fcntl
import hashlib
import json
import os
import pwd
import re
import secrets
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

SOCKET_PATH_BYTES_MAX = 100
"""Unix socket addresses end at 104 (macOS) or 108 bytes (Linux), the file name included."""

_PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")


@dataclass(frozen=True)
class Layout:
    """The paths below one data folder. Making one touches nothing."""

    var: Path

    @classmethod
    def of(cls, var: str | os.PathLike[str]) -> "Layout":
        """The layout of a data folder, whose path is made absolute."""
        return cls(Path(var).resolve())

    @property
    def postgres(self) -> Path:
        return self.var / "postgres"

    @property
    def valkey(self) -> Path:
        return self.var / "valkey"

    @property
    def logs(self) -> Path:
        return self.var / "log"

    @property
    def metrics(self) -> Path:
        """Where web and worker keep their counters, so that `/metrics` adds them up."""
        return self.var / "metrics"

    @property
    def secrets_file(self) -> Path:
        return self.var / "secrets.json"

    @property
    def run_file(self) -> Path:
        return self.var / "run.json"

    @property
    def sockets(self) -> Path:
        """The 0700 folder of both sockets: `var`, or a short private one when its path is too long or too odd."""
        if (
            _PLAIN_PATH.fullmatch(str(self.var))
            and len(str(self.var / ".s.PGSQL.5432.lock").encode()) < SOCKET_PATH_BYTES_MAX
        ):
            return self.var
        digest = hashlib.sha256(str(self.var).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"gateway-{os.getuid()}-{digest}"

    @property
    def valkey_socket(self) -> Path:
        return self.sockets / "valkey.sock"

    def create(self) -> None:
        """Make the private folders. Never touches the folders above them."""
        self.var.mkdir(parents=True, exist_ok=True, mode=0o700)
        for folder in (self.postgres, self.valkey, self.logs, self.sockets):
            folder.mkdir(exist_ok=True, mode=0o700)
        sockets = self.sockets.lstat()
        # Where root cannot make a user namespace, PostgreSQL runs as "nobody" and the folder is that user's.
        owners = {os.getuid()} | ({pwd.getpwnam("nobody").pw_uid} if os.getuid() == 0 else set())
        if sockets.st_uid not in owners or sockets.st_mode & 0o022:
            raise EmbeddedError(f"{self.sockets} belongs to somebody else or is writable by others; remove it.")

    @contextlib.contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Hold the folder's lock called `name`, waiting for it. The kernel drops it when the process dies."""
        self.var.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.var / f".{name}.lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield


class EmbeddedError(RuntimeError):
    """Something of the embedded mode could not be started or found; the message says what and where to look."""


_SECRETS: dict[str, Callable[[], str]] = {
    "secret_key": lambda: secrets.token_urlsafe(50),
    "encryption_keys": lambda: "k1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
    "fingerprint_keys": lambda: "f1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
    "database_owner_password": lambda: secrets.token_urlsafe(24),
    "database_app_password": lambda: secrets.token_urlsafe(24),
    "database_bank_password": lambda: secrets.token_urlsafe(24),
    "bank_secret_key": lambda: secrets.token_urlsafe(50),
    "bank_admin_key": lambda: secrets.token_urlsafe(32),
}


def ensure_secrets(layout: Layout) -> dict[str, str]:
    """The secrets of this data folder, made once and kept in `secrets.json` (0600).

    A secret that a later version adds is added to the file; those that exist are never changed.
    """
    with layout.locked("secrets"):
        known: dict[str, str] = json.loads(layout.secrets_file.read_text()) if layout.secrets_file.exists() else {}
        missing = {name: make() for name, make in _SECRETS.items() if name not in known}
        if missing:
            known |= missing
            write_private(layout.secrets_file, json.dumps(known, indent=2) + "\n")
        return known


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(text)
    partial.replace(path)
