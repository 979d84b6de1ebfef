"""A merchant's back end that does not give up: the same idempotency key until there is a definite answer."""

from __future__ import annotations

import base64
import http.client
import json
import random
import select
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

Json = dict[str, Any]

# Conflicts that pass by themselves: the request was not carried out, and may be soon.
PASSING = frozenset({"idempotency_key_in_use", "payment_operation_in_progress"})
GIVE_UP_S = 150.0
_TIMEOUT_S = 40.0


@dataclass(frozen=True)
class Answer:
    """A definite answer."""

    status: int
    body: Json
    is_replay: bool = False


@dataclass
class Witness:
    """What all clients met on their way to definite answers."""

    statuses: Counter[str] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    troubles: list[float] = field(default_factory=list)
    stopped: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, status: str, *, is_trouble: bool = False, unexpected: str = "") -> None:
        """One answer, or none."""
        with self._lock:
            self.statuses[status] += 1
            if is_trouble:
                self.troubles.append(time.monotonic())
            if unexpected:
                self.unexpected.append(unexpected)

    def give_up(self, what: str) -> None:
        """No definite answer within any patience."""
        with self._lock:
            self.unanswered.append(what)


class Unanswered(Exception):
    """Patience is over."""


class Client:
    """Calls with one merchant's key, to any of the web servers; one connection per thread and server, or per request.

    A server may close an idle connection just when a request is on its way: who counts missing answers asks for fresh ones.
    """

    def __init__(
        self, base_urls: list[str], key_id: str, secret: str, witness: Witness, *, fresh_connections: bool = False
    ) -> None:
        self._fresh_connections = fresh_connections
        self._hosts = [urlsplit(url).netloc for url in base_urls]
        self._authorization = "Basic " + base64.b64encode(f"{key_id}:{secret}".encode()).decode()
        self.witness = witness
        self._local = threading.local()

    def get(self, path: str) -> Json:
        """A GET that is repeated until it is answered."""
        answer = self.call("GET", path)
        if answer.status != 200:
            self.witness.note("get", unexpected=f"GET {path}: {answer.status} {answer.body}")
        return answer.body

    def listed(self, path: str) -> list[Json]:
        """Every object of a list."""
        rows: list[Json] = []
        cursor = ""
        while True:
            joined = "&" if "?" in path else "?"
            page = self.get(f"{path}{joined}limit=100" + (f"&cursor={cursor}" if cursor else ""))
            rows += page["data"]
            if not page["has_more"]:
                return rows
            cursor = page["next_cursor"]

    def call(self, method: str, path: str, body: Json | None = None, *, key: str = "", wait_s: int = 0) -> Answer:
        """Send until there is a definite answer. Raises `Unanswered` when patience is over."""
        deadline, pause = time.monotonic() + GIVE_UP_S, 0.1
        host = random.choice(self._hosts)
        while time.monotonic() < deadline and not self.witness.stopped:
            answer = self.once(method, path, body, key=key, wait_s=wait_s, host=host)
            if answer is not None and not self._passes(answer):
                return answer
            host = random.choice(self._hosts)
            time.sleep(pause * random.uniform(0.7, 1.3))
            pause = min(pause * 1.6, 1.5)
        self.witness.give_up(f"{method} {path} {key}")
        raise Unanswered(path)

    def once(
        self, method: str, path: str, body: Json | None = None, *, key: str = "", wait_s: int = 0, host: str = ""
    ) -> Answer | None:
        """One request; None when nobody answered."""
        headers = {"Authorization": self._authorization, "Accept": "application/json"}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        if key:
            headers["Idempotency-Key"] = key
        if wait_s:
            headers["Prefer"] = f"wait={wait_s}"
        host = host or random.choice(self._hosts)
        try:
            connection = self._connection(host)
            connection.request(method, path, data, headers)
            response = connection.getresponse()
            raw = response.read()
            if response.will_close or self._fresh_connections:
                self._drop(host)
        except (OSError, http.client.HTTPException) as error:
            self._drop(host)
            self.witness.note("no answer", is_trouble=True)
            del error
            return None
        return self._read(method, path, response, raw)

    def _read(self, method: str, path: str, response: http.client.HTTPResponse, raw: bytes) -> Answer:
        unexpected = ""
        try:
            body = json.loads(raw or b"{}")
        except ValueError:
            body, unexpected = {}, f"{method} {path}: {response.status} is not JSON: {raw[:200]!r}"
        if response.status >= 500 and response.status != 503:
            unexpected = f"{method} {path}: {response.status} {raw[:300]!r}"
        elif response.status == 503 and not response.getheader("Retry-After"):
            unexpected = f"{method} {path}: 503 without Retry-After"
        self.witness.note(str(response.status), is_trouble=response.status >= 500, unexpected=unexpected)
        return Answer(response.status, body, response.getheader("Idempotent-Replayed") == "true")

    @staticmethod
    def _passes(answer: Answer) -> bool:
        return (
            answer.status >= 500
            or answer.status == 429
            or (answer.status == 409 and answer.body.get("code") in PASSING)
        )

    def _connection(self, host: str) -> http.client.HTTPConnection:
        known: dict[str, http.client.HTTPConnection] = self._local.__dict__.setdefault("known", {})
        if host in known and _is_hung_up(known[host]):
            self._drop(host)
        if host not in known:
            known[host] = http.client.HTTPConnection(host, timeout=_TIMEOUT_S)
        return known[host]

    def _drop(self, host: str) -> None:
        known: dict[str, http.client.HTTPConnection] = self._local.__dict__.setdefault("known", {})
        if connection := known.pop(host, None):
            connection.close()


def _is_hung_up(connection: http.client.HTTPConnection) -> bool:
    """Whether the server has closed this idle connection; a request on it would be lost without having been seen."""
    return connection.sock is not None and bool(select.select([connection.sock], [], [], 0)[0])
