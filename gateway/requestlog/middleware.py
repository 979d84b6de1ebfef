"""Remember every API request once it is answered, whatever became of it. A failure here never changes the answer."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException, UnreadablePostError
from django.http.response import HttpResponseBase

from gateway.core import context
from gateway.core.metrics import REQUEST_LOG_FAILURES
from gateway.core.personal import Json
from gateway.core.principal import Principal
from gateway.requestlog.rules import MAX_BODY_BYTES, NOT_KEPT, document_of
from gateway.requestlog.services.keep_request import keep_request

log = logging.getLogger(__name__)

_LOGGED = "/api/"
# The documentation is no API call, and what reads it is no integration.
_NOT_LOGGED = ("/api/docs", "/api/v1/openapi.json")


class RequestLogMiddleware:
    """Inside the request id, outside everything that may refuse. The view may name whose personal data it handled:
    `request._request.log_data_key_id = order.data_key_id`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, then write, in a statement of its own."""
        if not request.path.startswith(_LOGGED) or request.path.startswith(_NOT_LOGGED):
            return self.get_response(request)
        started = time.monotonic()
        body = _body(request)
        response = self.get_response(request)
        elapsed_ms = round((time.monotonic() - started) * 1000)
        if response.status_code == 503:
            REQUEST_LOG_FAILURES.inc()  # the database is probably what is missing: asking it again would double the wait
            return response
        if response.status_code == 429 and _principal(request) is None:
            return response  # `gateway_rate_limit_refused` counts it: a limit must not cost a row for each refusal
        try:
            with transaction.atomic() if connection.in_atomic_block else nullcontext():
                _keep(request, body, response, elapsed_ms)
        except Exception:  # whatever it is, the request was answered
            REQUEST_LOG_FAILURES.inc()
            log.warning("a request could not be logged", exc_info=True)
        return response


def _keep(request: HttpRequest, body: bytes | None, response: HttpResponseBase, elapsed_ms: int) -> None:
    data_key_id: Any = getattr(request, "log_data_key_id", None)
    keep_request(
        method=request.method or "",
        path=request.path,
        query=request.META.get("QUERY_STRING", ""),
        status=response.status_code,
        elapsed_ms=elapsed_ms,
        request_id=context.current().request_id,
        idempotency_key=request.headers.get("Idempotency-Key", "").replace("\x00", ""),
        replayed=response.headers.get("Idempotent-Replayed") == "true",
        principal=_principal(request),
        request=_request_document(request, body),
        response=_response_document(response),
        data_key_id=data_key_id if isinstance(data_key_id, UUID) else None,
    )


def _principal(request: HttpRequest) -> Principal | None:
    principal: Any = getattr(request, "auth", None)
    return principal if isinstance(principal, Principal) else None


def _body(request: HttpRequest) -> bytes | None:
    """The body, read before the view does and held by Django for it; None when it is not ours to hold."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > MAX_BODY_BYTES:
        return None
    try:
        return request.body
    except (RequestDataTooBig, RawPostDataException, UnreadablePostError):
        return None


def _request_document(request: HttpRequest, body: bytes | None) -> Json:
    if body is None:
        return {NOT_KEPT: f"more than {MAX_BODY_BYTES} bytes"}
    if body and request.path.rstrip("/").endswith(tuple(settings.REQUEST_LOG_BODILESS)):
        return {NOT_KEPT: "may hold a card"}
    return document_of(body, request.headers.get("Content-Type", ""))


def _response_document(response: HttpResponseBase) -> Json:
    if not isinstance(response, HttpResponse) or response.streaming:
        return {NOT_KEPT: "a stream"}
    return document_of(
        response.content,
        response.headers.get("Content-Type", ""),
        encoding=response.headers.get("Content-Encoding", ""),
    )
