"""What the bank refuses, as JSON problems (RFC 9457)."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse


class Problem(Exception):
    """A definite refusal: nothing was done. `code` is stable; `extra` is shown beside it."""

    def __init__(self, status: int, code: str, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.extra = status, code, detail, extra

    def body(self) -> dict[str, Any]:
        """The problem document."""
        return {
            "type": f"https://bank.invalid/problems/{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            **self.extra,
        }


def invalid(field: str, code: str, detail: str) -> Problem:
    """400 that names the field at fault."""
    return Problem(400, code, detail, field=field)


def not_found(what: str) -> Problem:
    """404 for an object that this account does not have."""
    return Problem(404, "not_found", f"This account has no such {what}.")


def problem_response(problem: Problem) -> HttpResponse:
    """A problem document, with the headers that its kind needs."""
    response = HttpResponse(
        json.dumps(problem.body(), separators=(",", ":")),
        status=problem.status,
        content_type="application/problem+json",
    )
    if problem.status == 401:
        response["WWW-Authenticate"] = 'Basic realm="bank"'
    if "retry_after" in problem.extra:
        response["Retry-After"] = str(problem.extra["retry_after"])
    return response
