"""The merchant's back end of the demo: the public API over HTTP, as any integrator would call it."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """Status and parsed body."""

    status: int
    body: Json


@dataclass(frozen=True)
class ApiClient:
    """Calls with a key id and a secret, or with a publishable key alone."""

    base_url: str
    key_id: str
    secret: str = ""
    timeout_s: float = 40

    def get(self, path: str) -> Json:
        """GET; anything but 200 is an error."""
        return self._expect(self.send("GET", path), 200)

    def post(self, path: str, body: Json | None = None, *, status: int = 201, wait_s: int = 0) -> Json:
        """POST with a fresh idempotency key; anything but `status` is an error."""
        return self._expect(self.send("POST", path, body or {}, wait_s=wait_s), status)

    def send(self, method: str, path: str, body: Json | None = None, *, key: str = "", wait_s: int = 0) -> Answer:
        """One request, whatever it answers."""
        credentials = base64.b64encode(f"{self.key_id}:{self.secret}".encode()).decode()
        headers = {"Authorization": f"Basic {credentials}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
            if not path.endswith("/tokens"):
                headers["Idempotency-Key"] = key or str(uuid.uuid4())
        if wait_s:
            headers["Prefer"] = f"wait={wait_s}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base_url + path, data=data, headers=headers, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            response = opener.open(request, timeout=self.timeout_s)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            return Answer(response.status, json.loads(response.read() or b"{}"))

    @staticmethod
    def _expect(answer: Answer, status: int) -> Json:
        if answer.status != status:
            message = f"expected {status}, got {answer.status}: {json.dumps(answer.body)}"
            raise RuntimeError(message)
        return answer.body
