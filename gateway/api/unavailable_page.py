"""What people see while something that we need is away."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers

from gateway.api.problems import problem_headers
from gateway.core.errors import Unavailable


def unavailable_page(request: HttpRequest, error: Unavailable, *, asks_again: bool) -> HttpResponse:
    """A 503 with `Retry-After`. It is made without the request's context processors, and so without any query.

    `asks_again`: a page that was only looked at asks for itself again after a while.
    """
    asks_again = asks_again and request.method in ("GET", "HEAD")
    html = render_to_string("503.html", {"retry_after_s": error.retry_after_s, "asks_again": asks_again})
    response = HttpResponse(html, status=503, headers=problem_headers(error))
    add_never_cache_headers(response)
    return response
