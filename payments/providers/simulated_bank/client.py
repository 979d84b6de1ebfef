"""HTTP with the bank: one exchange, and what its failure means.

A request that got no definite answer is `OutcomeUnknown`; one that definitely had no effect is `NotDone`. What comes
back is a definite answer of the bank: a payment (2xx, or 402 for a decline), or a problem (409, 404, 410, 400).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from gateway.core import http, metrics
from gateway.core.retry_after import parse_retry_after
from payments.providers.base import AccountCredentials, NotDone, OutcomeUnknown

TIMEOUT_SECONDS = 20.0
ANSWER_BYTES_MAX = 1_000_000
FILE_BYTES_MAX = 64_000_000
_DEFINITE = frozenset({200, 201, 400, 402, 404, 409, 410})


@dataclass(frozen=True, slots=True)
class Answer:
    """A definite answer. `problem` is the bank's code when it refused."""

    status: int
    body: Mapping[str, Any]

    @property
    def problem(self) -> str:
        """The code of a refusal, or "" for a payment (a decline is one)."""
        return "" if self.status < 400 or self.status == 402 else str(self.body.get("code", "refused"))


def ask(
    account: AccountCredentials, verb: str, method: str, path: str, *, body: object = None, key: str = ""
) -> Answer:
    """One request with this account's credentials. Raises `NotDone` or `OutcomeUnknown`."""
    with _failures_counted(account, verb):
        answer = _definite(_send(account, method, path, body, key, max_body=ANSWER_BYTES_MAX))
    metrics.PROVIDER_REQUESTS.labels(account.provider, verb, "refused" if answer.problem else "answered").inc()
    return answer


def ask_for_file(account: AccountCredentials, verb: str, path: str) -> bytes:
    """The bytes of a file. Raises `NotDone`, also when the bank refuses, or `OutcomeUnknown`."""
    with _failures_counted(account, verb):
        response = _send(account, "GET", path, None, "", max_body=FILE_BYTES_MAX)
        _raise_if_rate_limited(response)
        if response.status >= 500 or 300 <= response.status < 400:
            raise OutcomeUnknown(f"HTTP {response.status}")
        if response.status != 200 or response.truncated:
            raise NotDone("file_refused", f"The bank answered {response.status} for {path}.", retryable=False)
    metrics.PROVIDER_REQUESTS.labels(account.provider, verb, "answered").inc()
    return response.body


@contextmanager
def _failures_counted(account: AccountCredentials, verb: str) -> Iterator[None]:
    try:
        yield
    except (NotDone, OutcomeUnknown) as error:
        metrics.PROVIDER_REQUESTS.labels(account.provider, verb, type(error).__name__).inc()
        raise


def _send(
    account: AccountCredentials, method: str, path: str, body: object, key: str, *, max_body: int
) -> http.Response:
    headers = {"Authorization": f"Bearer {account.secrets['api_key']}", "Content-Type": "application/json"}
    if key:
        headers["Idempotency-Key"] = key
    try:
        return http.request(
            method,
            str(account.config["base_url"]).rstrip("/") + path,
            policy="operator",
            headers=headers,
            body=None if body is None else json.dumps(body, separators=(",", ":")).encode(),
            timeout_s=float(account.config.get("timeout_s", TIMEOUT_SECONDS)),
            max_body=max_body,
            livemode=account.livemode,
        )
    except http.NotSent as error:
        raise NotDone("provider_unreachable", "The bank could not be reached.", retryable=True) from error
    except http.NoAnswer as error:
        raise OutcomeUnknown(f"no answer: {error.reason}") from error


def _raise_if_rate_limited(response: http.Response) -> None:
    if response.status == 429:
        message = "The bank asks to slow down."
        raise NotDone("provider_rate_limited", message, retryable=True, retry_after_s=_retry_after(response))


def _definite(response: http.Response) -> Answer:
    _raise_if_rate_limited(response)
    if response.status in (401, 403):
        raise NotDone("provider_credentials_refused", "The bank refused the account's credentials.", retryable=False)
    body = _object(response.body)
    if response.status not in _DEFINITE or body is None:
        # 5xx, a redirect, something that is no JSON object; and 422, which says that our key belongs to another body:
        # whatever was carried out under it, only the word about the key (void_if_absent) tells.
        raise OutcomeUnknown(f"HTTP {response.status}")
    answer = Answer(response.status, body)
    if answer.problem == "key_in_flight":
        raise OutcomeUnknown("a request with this key is still running")
    return answer


def _object(raw: bytes) -> Mapping[str, Any] | None:
    try:
        value = json.loads(raw)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _retry_after(response: http.Response) -> float | None:
    wait = parse_retry_after(response.headers.get("retry-after"), now=timezone.now())
    return None if wait is None else wait.total_seconds()
