"""Write down what happened when a delivery was tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Self

from gateway.core.http import Response
from gateway.core.redaction import redact_text
from gateway.core.retry_after import parse_retry_after
from webhooks.models import Delivery, DeliveryAttempt

_KEPT_BODY_CHARACTERS = 4096
_KEPT_HEADERS = 50
_KEPT_HEADER_CHARACTERS = 512
_SECRET_HEADERS = frozenset(
    {"authorization", "cookie", "proxy-authorization", "set-cookie", "www-authenticate", "x-api-key"}
)


@dataclass(frozen=True)
class Exchange:
    """One attempt, as it went. `status` is None when no answer came."""

    number: int
    started_at: datetime
    url: str
    request_headers: Mapping[str, str]
    status: int | None = None
    response_headers: Mapping[str, str] = field(default_factory=dict)
    response_body: bytes = b""
    elapsed_ms: int | None = None
    error_code: str = ""
    error: str = ""

    @classmethod
    def interrupted(cls, delivery: Delivery) -> Self:
        """The attempt that was opened and never reported: its worker died, and the receiver may or may not have had
        the event.
        """
        started_at = delivery.in_flight_since or delivery.created_at
        error = "The worker stopped before the attempt was recorded."
        return cls(delivery.attempts, started_at, delivery.endpoint.url, {}, error_code="interrupted", error=error)

    def answered(self, response: Response) -> Self:
        """The same attempt with the receiver's answer."""
        error = "" if 200 <= response.status < 300 else f"The endpoint answered {response.status}."
        return replace(
            self,
            status=response.status,
            response_headers=dict(response.headers),
            response_body=response.body,
            elapsed_ms=response.elapsed_ms,
            error_code="" if not error else "http_status",
            error=error,
        )

    def failed(self, *, code: str, reason: str, elapsed_ms: int) -> Self:
        """The same attempt without an answer."""
        return replace(self, error_code=code, error=reason, elapsed_ms=elapsed_ms)

    def retry_after(self, now: datetime) -> timedelta | None:
        """What the receiver asked for in `Retry-After`."""
        headers = {name.lower(): value for name, value in self.response_headers.items()}
        return parse_retry_after(headers.get("retry-after"), now=now)


def record_attempt(*, delivery: Delivery, exchange: Exchange) -> DeliveryAttempt:
    """Append the attempt, with the receiver's answer cut to 4 KB and without anything that looks like a card or a
    credential.
    """
    attempt = DeliveryAttempt(
        merchant_id=delivery.merchant_id,
        livemode=delivery.livemode,
        delivery=delivery,
        number=exchange.number,
        started_at=exchange.started_at,
        elapsed_ms=exchange.elapsed_ms,
        url=exchange.url,
        request_headers=dict(exchange.request_headers),
        response_status=exchange.status,
        response_headers=_kept_headers(exchange.response_headers),
        response_body=_kept_body(exchange.response_body),
        error_code=exchange.error_code,
        error=redact_text(exchange.error)[:500],
    )
    attempt.save(force_insert=True)
    return attempt


def _kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        _clean(name): "[redacted]" if name.lower() in _SECRET_HEADERS else _clean(value)
        for name, value in list(headers.items())[:_KEPT_HEADERS]
    }


def _clean(text: str) -> str:
    return redact_text(text.replace("\x00", ""))[:_KEPT_HEADER_CHARACTERS]


def _kept_body(body: bytes) -> str:
    # Redact before cutting, so that a number across the edge is not left in half; PostgreSQL text takes no NUL.
    text = body[: 2 * _KEPT_BODY_CHARACTERS].decode(errors="replace").replace("\x00", "")
    return redact_text(text)[:_KEPT_BODY_CHARACTERS]
