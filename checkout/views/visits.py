"""What every page of checkout does first: find the session, act in its merchant's name and on its merchant's clock."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import add_never_cache_headers
from django.views.decorators.csrf import csrf_exempt

from checkout.models import CheckoutSession
from checkout.selectors.sessions import session_by_address
from gateway.api import ratelimit
from gateway.api.client_address import client_address
from gateway.core import clock, context
from gateway.core.context import Actor
from gateway.core.errors import NotFound

_P = ParamSpec("_P")


def session_page(
    view: Callable[Concatenate[HttpRequest, CheckoutSession, _P], HttpResponse],
) -> Callable[..., HttpResponse]:
    """A page below a session's address. Its forms carry a signed token, so it needs no cookie and no CSRF cookie."""

    def found(request: HttpRequest, address: str, *args: _P.args, **kwargs: _P.kwargs) -> HttpResponse:
        if not ratelimit.allow("ip", client_address(request)).allowed:
            return guarded(render(request, "checkout/busy.html", status=429))
        try:
            session = session_by_address(address)
        except NotFound:
            return missing(request)
        with acting(session), translation.override(_language(session)):
            return guarded(view(request, session, *args, **kwargs))

    functools.update_wrapper(found, view)
    return csrf_exempt(found)


def _language(session: CheckoutSession) -> str | None:
    """The language that we have for the session's locale, else the one that the browser asked for."""
    try:
        return translation.get_supported_language_variant(session.locale)
    except LookupError:
        return translation.get_language()


def acting(session: CheckoutSession) -> _Acting:
    """The customer of this session acts: for the audit log, and on the merchant's clock."""
    return _Acting(session)


class _Acting:
    def __init__(self, session: CheckoutSession) -> None:
        self._bound = context.bound(
            actor=Actor("customer", session.public_id), merchant_id=session.merchant_id, livemode=session.livemode
        )
        self._clock = clock.of_merchant(session.merchant_id, session.livemode)

    def __enter__(self) -> None:
        self._bound.__enter__()
        self._clock.__enter__()

    def __exit__(self, *error: object) -> None:
        self._clock.__exit__(None, None, None)
        self._bound.__exit__(None, None, None)


def missing(request: HttpRequest) -> HttpResponse:
    """No such page: an address that is wrong, or a link that was cut."""
    return guarded(render(request, "checkout/missing.html", status=404))


def guarded(response: HttpResponse) -> HttpResponse:
    """Payment pages are kept by nobody and tell no other site where the customer came from."""
    add_never_cache_headers(response)
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
