"""One request id, accepted or made, echoed and bound."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings

from gateway.core import context
from gateway.observability.errors import QuietReporter
from gateway.observability.middleware import RequestIdMiddleware


def answered(given: str | None) -> tuple[str, str]:
    """(what is echoed, what the view saw)"""
    seen = []

    def view(_request: HttpRequest) -> HttpResponse:
        seen.append(context.current().request_id)
        return HttpResponse()

    headers = {} if given is None else {"X-Request-Id": given}
    response = RequestIdMiddleware(view)(RequestFactory().get("/", headers=headers))
    return response.headers["X-Request-Id"], seen[0]


def test_the_caller_s_id_is_taken_bound_and_echoed() -> None:
    assert answered("till-7.A_1") == ("till-7.A_1", "till-7.A_1")


@pytest.mark.parametrize("given", [None, "", "a b", "x" * 129, "ü", "a\nb", "4242424242424242"])
def test_anything_else_gets_an_id_of_ours(given: str | None) -> None:
    echoed, seen = answered(given)

    assert echoed == seen and echoed.startswith("req_") and echoed != given


def test_every_answer_of_the_site_has_one(client: Client) -> None:
    assert client.get("/health/live").headers["X-Request-Id"].startswith("req_")


def test_an_error_report_shows_neither_settings_nor_variables() -> None:
    cvc = "123-sentinel"
    request = RequestFactory().post("/pay?x=4242424242424242", {"cvc": cvc})
    try:
        raise RuntimeError("card 4242424242424242")
    except RuntimeError as error:
        reporter = QuietReporter(request, type(error), error, error.__traceback__)
        shown = reporter.get_traceback_text() + reporter.get_traceback_html()

    assert "card [card number]" in shown
    assert not any(part in shown for part in ("4242424242424242", cvc, "SECRET_KEY", "DATABASES"))


def test_the_page_of_a_crash_shows_nothing_even_with_debug(settings: object) -> None:
    def crash(_request: HttpRequest) -> HttpResponse:
        raise RuntimeError("card 4242424242424242")

    from django.core.handlers.exception import convert_exception_to_response

    with override_settings(DEBUG=True):
        handler: Any = convert_exception_to_response(crash)
        response = handler(RequestFactory().get("/pay?x=4242424242424242"))

    assert response.status_code == 500
    assert "4242" not in response.text and "Settings" not in response.text
