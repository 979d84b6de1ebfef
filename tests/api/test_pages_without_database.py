"""Pages while PostgreSQL is away: 503 with Retry-After, from views and from the sessions around them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connection, connections, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from django.utils import timezone
from playwright.sync_api import expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from checkout.models import CheckoutSession
from checkout.services.create_session import create_session
from config import urls
from gateway.core.tenancy import Tenant
from payments.rules.checkout_links import checkout_url
from tests.checkout.visits import CARD, Visit
from tests.payments.factories import VISA, make_order
from tests.support.browser import running_chromium
from tests.support.database import TestDatabase
from tests.support.merchants import PASSWORD, make_person, make_tenant

handler400, handler500 = urls.handler400, urls.handler500


class Postgres:
    """The server as this process sees it."""

    def __init__(self, nowhere: Path) -> None:
        self._config = connections.settings["default"]
        self._host, self._nowhere = self._config["HOST"], str(nowhere)

    def go_away(self) -> None:
        self._point_at(self._nowhere)

    def come_back(self) -> None:
        self._point_at(self._host)

    def _point_at(self, host: str) -> None:
        connections["default"].close()
        self._config["HOST"] = host


def goes_away_at_the_end(request: HttpRequest) -> HttpResponse:
    """A view that has done its work, and whose session cannot be kept any more."""
    request.session["seen"] = True
    request.META["postgres"].go_away()
    return HttpResponse("done")


def takes_too_long(request: HttpRequest) -> HttpResponse:
    """A view whose query is cut off by the limit of time, each time."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '50ms'")
        cursor.execute("SELECT pg_sleep(60)")
    return HttpResponse("done")


urlpatterns = [
    *urls.urlpatterns,
    path("takes-too-long", takes_too_long),
    path("goes-away", goes_away_at_the_end),
    path("api/v1/goes-away", goes_away_at_the_end),
]


@pytest.fixture
def postgres(committed_db: TestDatabase, tmp_path: Path) -> Iterator[Postgres]:
    server = Postgres(tmp_path)
    yield server
    server.come_back()


@pytest.fixture
def tenant(postgres: Postgres) -> Tenant:
    return make_tenant()


@pytest.fixture
def session(tenant: Tenant) -> CheckoutSession:
    return create_session(tenant=tenant, order_id=make_order(tenant, 4999).id, now=timezone.now())


@pytest.fixture
def person(tenant: Tenant) -> Client:
    """Somebody who is signed in, as a merchant's member and as staff."""
    member = make_person(tenant, is_staff=True, is_superuser=True)
    client = Client(raise_request_exception=False)
    assert client.post("/dashboard/sign-in", {"email": member.email, "password": PASSWORD}).status_code == 303
    return client


def is_503(answer: Any, *, asks_again: bool) -> None:
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "no-store" in answer.headers["Cache-Control"]
    html = answer.content.decode()
    assert "One moment, please" in html
    assert ('<meta http-equiv="refresh" content="5">' in html) is asks_again


@pytest.mark.parametrize("place", ["{link}", "/checkout/{session}", "/checkout/{session}/attempts/1"])
def test_checkout_says_that_it_asks_again_and_does(postgres: Postgres, session: CheckoutSession, place: str) -> None:
    customer = Client(raise_request_exception=False)
    address = place.format(link=urlsplit(checkout_url(session.order)).path, session=session.public_id)
    before = customer.get(address).status_code
    postgres.go_away()
    answer = customer.get(address)
    is_503(answer, asks_again=True)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    postgres.come_back()
    assert customer.get(address).status_code == before != 503


def test_in_a_browser_the_page_comes_back_by_itself(
    postgres: Postgres, session: CheckoutSession, committed_server: LiveServer
) -> None:
    address = f"{committed_server.url}/checkout/{session.public_id}"
    with running_chromium() as chromium, contextlib.closing(chromium.new_context()) as context:
        page = context.new_page()
        postgres.go_away()
        page.goto(address)
        expect(page.get_by_role("heading", name="One moment, please")).to_be_visible(timeout=20_000)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        postgres.come_back()
        expect(page.get_by_role("button", name="Pay EUR\xa049.99")).to_be_visible(timeout=60_000)


def test_a_form_that_meets_no_database_is_told_to_look_before_it_is_sent_again(
    postgres: Postgres, session: CheckoutSession
) -> None:
    visit = Visit(Client(raise_request_exception=False)).open(f"/checkout/{session.public_id}")
    postgres.go_away()
    answer = visit.client.post(visit.action("card"), {**CARD, "number": VISA, "token": visit.token(), "framed": "0"})
    is_503(answer, asks_again=False)
    postgres.come_back()
    assert "Pay EUR\xa049.99" in visit.open(f"/checkout/{session.public_id}").html


@pytest.mark.parametrize("address", ["/dashboard/", "/dashboard/payments", "/staff/"])
def test_people_who_are_signed_in_stay_so(postgres: Postgres, person: Client, address: str) -> None:
    before = person.get(address).status_code
    postgres.go_away()
    is_503(person.get(address), asks_again=True)
    postgres.come_back()
    assert person.get(address).status_code == before == 200


@pytest.mark.parametrize("who", ["somebody new", "somebody with a session"])
def test_a_session_that_cannot_be_kept_is_a_503_and_no_500_or_400(
    postgres: Postgres, person: Client, settings: Settings, who: str
) -> None:
    settings.ROOT_URLCONF = __name__
    client = person if who == "somebody with a session" else Client(raise_request_exception=False)
    is_503(client.get("/goes-away", postgres=postgres), asks_again=True)


def test_a_page_that_takes_too_long_does_not_ask_for_itself_again(tenant: Tenant, settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__
    answer = Client(raise_request_exception=False).get("/takes-too-long")
    assert answer.status_code == 503
    assert "refresh" not in answer.content.decode()


def test_under_the_apis_paths_it_is_a_problem(postgres: Postgres, person: Client, settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__
    answer = person.get("/api/v1/goes-away", postgres=postgres)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.json()["code"] == "temporarily_unavailable"
