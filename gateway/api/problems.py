"""The one map from what went wrong to an HTTP answer (RFC 9457, `application/problem+json`)."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, InterfaceError
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions as drf
from rest_framework.response import Response

from gateway.api import errors as border
from gateway.api.renderers import PROBLEM_CONTENT_TYPE, to_bytes
from gateway.core import context
from gateway.core import errors as kinds
from gateway.core.database_errors import is_passing
from gateway.core.errors import DomainError, FieldError

log = logging.getLogger(__name__)

# The first match wins: the special before the general.
STATUS_OF_KIND: tuple[tuple[type[DomainError], int, str], ...] = (
    (border.MethodNotAllowed, 405, "Method not allowed"),
    (border.NotAcceptable, 406, "Not acceptable"),
    (border.RequestTooLarge, 413, "Content too large"),
    (border.UnsupportedMediaType, 415, "Unsupported media type"),
    (kinds.Invalid, 400, "Invalid request"),
    (kinds.Unauthenticated, 401, "Not authenticated"),
    (kinds.Forbidden, 403, "Forbidden"),
    (kinds.NotFound, 404, "Not found"),
    (kinds.Conflict, 409, "Conflict"),
    (kinds.Unprocessable, 422, "Unprocessable"),
    (kinds.RateLimited, 429, "Too many requests"),
    (kinds.Unavailable, 503, "Temporarily unavailable"),
    (DomainError, 500, "Internal error"),
)
_OWN_MEMBERS = frozenset({"type", "title", "status", "detail", "code", "errors", "request_id"})


def status_of(error: DomainError | type[DomainError]) -> tuple[int, str]:
    """The HTTP status and the title for this kind of refusal."""
    kind = error if isinstance(error, type) else type(error)
    return next((status, title) for known, status, title in STATUS_OF_KIND if issubclass(kind, known))


def problem_body(error: DomainError) -> dict[str, Any]:
    """The problem document: `type, title, status, detail, code, errors, request_id`, then the error's own data."""
    status, title = status_of(error)
    return {
        "type": f"{settings.PUBLIC_URL}/api/docs/errors#{error.code}",
        "title": title,
        "status": status,
        "detail": error.detail,
        "code": error.code,
        "errors": [asdict(one) for one in getattr(error, "errors", ())],
        "request_id": context.current().request_id,
    } | {name: value for name, value in error.data.items() if name not in _OWN_MEMBERS}


def problem_headers(error: DomainError) -> dict[str, str]:
    """The headers that belong to this refusal."""
    if isinstance(error, kinds.RateLimited | kinds.Unavailable):
        return {"Retry-After": str(error.retry_after_s)}
    if isinstance(error, kinds.Conflict) and error.transient:
        return {"Retry-After": "1"}
    return {}


def problem_response(error: DomainError) -> HttpResponse:
    """A finished answer, for code outside of a view (middleware)."""
    body = problem_body(error)
    return HttpResponse(
        to_bytes(body), status=body["status"], content_type=PROBLEM_CONTENT_TYPE, headers=problem_headers(error)
    )


def handle_exception(error: Exception, view_context: Mapping[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER. None (let it be a 500) for what nobody expected."""
    known = as_domain_error(error)
    if known is None:
        return None
    headers = problem_headers(known)
    if isinstance(error, drf.APIException) and (challenge := getattr(error, "auth_header", None)):
        headers["WWW-Authenticate"] = challenge
    elif isinstance(known, kinds.Unauthenticated) and (view := view_context.get("view")) is not None:
        headers["WWW-Authenticate"] = view.get_authenticate_header(view_context["request"]) or "Basic"
    if isinstance(known, border.MethodNotAllowed) and (view := view_context.get("view")) is not None:
        headers["Allow"] = ", ".join(view.allowed_methods)
    body = problem_body(known)
    return Response(body, status=body["status"], headers=headers, content_type=PROBLEM_CONTENT_TYPE)


def as_domain_error(error: Exception) -> DomainError | None:  # noqa: PLR0911, PLR0912  (a table)
    """What this exception means in our own words; None for the unexpected."""
    match error:
        case DomainError():
            return error
        case drf.ValidationError():
            found = tuple(_field_errors(error.get_full_details()))
            return kinds.Invalid(_sentence(found), errors=found)
        case drf.ParseError():
            return border.MalformedBody()
        case drf.AuthenticationFailed() | drf.NotAuthenticated():
            return kinds.Unauthenticated()
        case drf.PermissionDenied() | PermissionDenied():
            return kinds.Forbidden()
        case drf.NotFound() | Http404():
            return kinds.NotFound()
        case drf.MethodNotAllowed():
            return border.MethodNotAllowed()
        case drf.NotAcceptable():
            return border.NotAcceptable()
        case drf.UnsupportedMediaType():
            return border.UnsupportedMediaType()
        case RequestDataTooBig():
            return border.RequestTooLarge(limit_bytes=settings.API_MAX_BODY_BYTES)
        case SessionInterrupted(__context__=UpdateError(__context__=Exception() as behind)):
            return as_domain_error(behind)  # Django takes any trouble with the row for a session that was deleted
        case SuspiciousOperation():
            return kinds.Invalid("The request is not acceptable.")
        case DatabaseError() | InterfaceError() if is_passing(error):
            log.warning("database unavailable: %s", type(error.__cause__ or error).__name__)
            return kinds.Unavailable(retry_after_s=_database_retry_s(error))
        case _:
            return None


def as_problem(request: HttpRequest, status: int) -> DomainError | None:
    """The refusal behind a plain status that Django itself answered under the API's paths (an unknown URL, say)."""
    return {
        400: kinds.Invalid("The request is not acceptable."),
        403: kinds.Forbidden(),
        404: border.PathNotFound(),
        405: border.MethodNotAllowed(),
        413: border.RequestTooLarge(),
        500: border.InternalError(),
    }.get(status)


def _database_retry_s(error: DatabaseError | InterfaceError) -> int:
    # A lock or statement that took too long passes at once; a database that is gone needs a moment to come back.
    state = getattr(error.__cause__, "sqlstate", None)
    return 1 if state else 5


def _field_errors(details: Any, path: str = "") -> Iterator[FieldError]:
    if isinstance(details, Mapping) and set(details) == {"message", "code"} and isinstance(details["message"], str):
        yield FieldError(path, str(details["code"]), str(details["message"]))
    elif isinstance(details, Mapping):
        for name, part in details.items():
            here = path if name == "non_field_errors" else f"{path}.{name}" if path else str(name)
            yield from _field_errors(part, here)
    elif isinstance(details, Iterable):
        for index, part in enumerate(details):
            nested = isinstance(part, Mapping) and set(part) != {"message", "code"}
            if not nested or part:
                yield from _field_errors(part, f"{path}.{index}" if nested and path else path)


def _sentence(found: tuple[FieldError, ...]) -> str:
    if len(found) == 1 and found[0].field:
        return f"{found[0].field}: {found[0].message}"
    return "The request is not valid. See `errors` for each field."
