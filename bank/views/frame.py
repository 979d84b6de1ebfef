"""The frame around every JSON endpoint: methods, authentication, problems."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from bank.accounts import authenticate
from bank.errors import Problem, problem_response

View = Callable[..., HttpResponse]


def json_response(body: Any, status: int = 200) -> HttpResponse:
    """Compact JSON."""
    return HttpResponse(json.dumps(body, separators=(",", ":")), status=status, content_type="application/json")


def resource(methods: Mapping[str, Callable[..., HttpResponse]]) -> View:
    """A view that authenticates, then calls the method's function with the account and the path's ids."""

    def answer(request: HttpRequest, **ids: str) -> HttpResponse:
        account = authenticate(request)
        return _chosen(methods, request)(request, account, **ids)

    return catching_problems(answer)


def open_resource(methods: Mapping[str, Callable[..., HttpResponse]]) -> View:
    """The same without an account."""

    def answer(request: HttpRequest, **ids: str) -> HttpResponse:
        return _chosen(methods, request)(request, **ids)

    return catching_problems(answer)


def catching_problems(view: View) -> View:
    """Turn problems into answers."""

    @csrf_exempt
    @functools.wraps(view)
    def answer(request: HttpRequest, **ids: str) -> HttpResponse:
        try:
            return view(request, **ids)
        except Problem as problem:
            return problem_response(problem)

    return answer


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Any path that does not exist."""
    return problem_response(Problem(404, "not_found", "There is no such address."))


def server_error(request: HttpRequest) -> HttpResponse:
    """A bug, or a database that is away: the outcome may be unknown, and 500 says just that."""
    return problem_response(Problem(500, "internal_error", "Something broke here."))


def limit_of(request: HttpRequest, *, default: int, most: int) -> int:
    """`?limit=`, bounded."""
    return min(_whole_number(request, "limit", default) or default, most)


def after_of(request: HttpRequest) -> int:
    """`?after=`."""
    return _whole_number(request, "after", 0)


def _whole_number(request: HttpRequest, name: str, default: int) -> int:
    text = request.GET.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Problem(400, "invalid", f"{name} must be a whole number.", field=name)
    return int(text)


def _chosen(methods: Mapping[str, Callable[..., HttpResponse]], request: HttpRequest) -> Callable[..., HttpResponse]:
    try:
        return methods[request.method or ""]
    except KeyError:
        raise Problem(405, "method_not_allowed", f"Use {' or '.join(methods)}.") from None
