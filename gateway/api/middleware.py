"""What holds for every answer under the API's paths, whoever made it: JSON problems, ETag, gzip, limits per IP.

And for pages: while something is away they say so, with a 503.
"""

import hashlib
import logging
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.text import compress_string

from gateway.api import card_scan, ratelimit
from gateway.api.client_address import client_address
from gateway.api.errors import InternalError, RequestTooLarge
from gateway.api.problems import as_domain_error, as_problem, problem_response
from gateway.api.ratelimit import Verdict
from gateway.api.renderers import CONTENT_TYPE, PROBLEM_CONTENT_TYPE
from gateway.api.unavailable_page import unavailable_page
from gateway.core.database_errors import is_timeout
from gateway.core.errors import DomainError, RateLimited, Unavailable

log = logging.getLogger(__name__)

API_PATHS = ("/api/", "/auth/")
# Pages for people below the API's paths: they keep their HTML.
PAGES = ("/api/docs",)
COMPRESS_FROM_BYTES = 1024
# Random bytes in the compressed stream, so that its length says little about a secret beside chosen text (BREACH).
COMPRESSION_NOISE_BYTES = 100
_JSON_TYPES = (CONTENT_TYPE, PROBLEM_CONTENT_TYPE, "application/vnd.oai.openapi+json")
GetResponse = Callable[[HttpRequest], HttpResponseBase]


def is_api(request: HttpRequest) -> bool:
    """Whether this request speaks JSON with us."""
    return request.path.startswith(API_PATHS) and not request.path.startswith(PAGES)


class ApiMiddleware:
    """Sits inside the request-id and request-log middleware, around everything that routes."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Guard, answer, dress the answer."""
        if not is_api(request):
            return self.get_response(request)
        verdict = ratelimit.allow("ip", client_address(request))
        try:
            _guard(request, verdict)
            response = self.get_response(request)
        except DomainError as error:
            response = problem_response(error)
        if (problem := _plain_problem(request, response)) is not None:
            response = problem
        for name, value in verdict.headers().items():
            response.headers.setdefault(name, value)
        return _dressed(request, response)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """What escaped a view: known kinds become their problem, the rest is recorded and becomes a 500.

        A page has its own words for what people may do wrong, so only what is away is answered here.
        """
        if not is_api(request):
            return unavailable_answer(request, exception)
        known = as_domain_error(exception)
        if known is None:
            log.exception("unexpected error in an API request", exc_info=exception)
            known = InternalError()
        return problem_response(known)


def unavailable_answer(request: HttpRequest, exception: Exception) -> HttpResponse | None:
    """The 503, as a problem or as a page, when this exception means that something is away; None for any other."""
    known = as_domain_error(exception)
    if not isinstance(known, Unavailable):
        return None
    if is_api(request):
        return problem_response(known)
    # What was cut off by a limit of time may be cut off each time: a page must not ask for it again by itself.
    return unavailable_page(request, known, asks_again=not is_timeout(exception))


def _guard(request: HttpRequest, verdict: Verdict) -> None:
    if not verdict.allowed:
        raise RateLimited(retry_after_s=verdict.reset_s)
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > settings.API_MAX_BODY_BYTES:
        raise RequestTooLarge(limit_bytes=settings.API_MAX_BODY_BYTES)
    card_scan.refuse_in_request_line(request)


def _plain_problem(request: HttpRequest, response: HttpResponseBase) -> HttpResponse | None:
    """A refusal that Django wrote itself (HTML), as the JSON problem that API callers expect."""
    if response.status_code < 400 or response.get("Content-Type", "").split(";")[0] in _JSON_TYPES:
        return None
    error = as_problem(request, response.status_code)
    return problem_response(error) if error is not None else None


def _dressed(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if not isinstance(response, HttpResponse) or response.streaming:
        return response
    response.headers.setdefault("Cache-Control", "private, no-cache" if request.method == "GET" else "no-store")
    patch_vary_headers(response, ("Authorization", "X-Api-Key"))
    if request.method in ("GET", "HEAD") and response.status_code == 200:
        etag = f'W/"{hashlib.blake2s(response.content, digest_size=16).hexdigest()}"'
        response.headers["ETag"] = etag
        if _matches(request.headers.get("If-None-Match", ""), etag):
            response.status_code = 304
            response.content = b""
            del response.headers["Content-Type"]
            response.headers.pop("Content-Length", None)
            return response
    return _compressed(request, response)


def _matches(header: str, etag: str) -> bool:
    wanted = [part.strip() for part in header.split(",")]
    return "*" in wanted or etag in wanted or etag.removeprefix("W/") in wanted


def _compressed(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """gzip for JSON over 1 KB. Pages, which carry form tokens, are never compressed here."""
    if response.get("Content-Type", "").split(";")[0] not in _JSON_TYPES or response.has_header("Content-Encoding"):
        return response
    patch_vary_headers(response, ("Accept-Encoding",))
    if len(response.content) <= COMPRESS_FROM_BYTES or "gzip" not in request.headers.get("Accept-Encoding", ""):
        return response
    smaller = compress_string(response.content, max_random_bytes=COMPRESSION_NOISE_BYTES)
    if len(smaller) < len(response.content):
        response.content = smaller
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Content-Length"] = str(len(smaller))
    return response
