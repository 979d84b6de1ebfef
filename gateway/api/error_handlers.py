"""Django's last word on what escaped the views or a middleware (`handler400` and `handler500` of `config.urls`).

Sessions are read and written by a middleware, outside of every view: a database that is away is met there too.
"""

import sys

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from gateway.api.middleware import unavailable_answer


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The 400, or the 503 that it really is."""
    return unavailable_answer(request, exception) or defaults.bad_request(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """The 500, or the 503 that it really is. Django calls it while the exception is being handled."""
    error = sys.exception()
    answer = unavailable_answer(request, error) if isinstance(error, Exception) else None
    return answer or defaults.server_error(request)
