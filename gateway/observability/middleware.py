"""A request id for every request, and one log line when it is answered."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from gateway.core import context
from gateway.core.ids import new_id, to_public
from gateway.core.redaction import redact_text

log = logging.getLogger(__name__)

HEADER = "X-Request-Id"
_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,128}")
# Probes come every few seconds and say nothing when they succeed.
_SILENT = ("/health", "/metrics", "/static/")


class RequestIdMiddleware:
    """The outermost middleware. Accepts the caller's `X-Request-Id` or makes one, binds it to the context, echoes it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Bind, answer, echo, log."""
        request_id = accepted_or_new(request.headers.get(HEADER, ""))
        started = time.monotonic()
        with context.bound(request_id=request_id):
            response = self.get_response(request)
            response.headers[HEADER] = request_id
            if response.status_code >= 500 or not request.path.startswith(_SILENT):
                log.log(
                    logging.WARNING if response.status_code >= 500 else logging.INFO,
                    "request",
                    extra={
                        "method": request.method,
                        "path": request.path,
                        "status": response.status_code,
                        "elapsed_ms": round((time.monotonic() - started) * 1000),
                    },
                )
        return response


def accepted_or_new(given: str) -> str:
    """The caller's id when it may be kept (no card number and no secret either), else one of ours."""
    if _ACCEPTED.fullmatch(given) and redact_text(given) == given:
        return given
    return to_public("req", new_id())
