"""A merchant with payments at the provider in memory, and three people: its owner, a colleague who may only read, a stranger."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from gateway.core.tenancy import Tenant
from merchants.rules.permissions import Role
from tests.payments.factories import make_tenant
from tests.support.fake_provider import PROVIDER, FakeProvider
from tests.support.merchants import PASSWORD, make_merchant, make_person


@pytest.fixture
def provider(settings: Settings) -> Iterator[FakeProvider]:
    """The provider in memory, empty."""
    settings.PROVIDERS = {**settings.PROVIDERS, "fake": "tests.support.fake_provider.fake_provider"}
    PROVIDER.reset()
    yield PROVIDER
    PROVIDER.reset()


@pytest.fixture
def tenant(db: None, provider: FakeProvider) -> Tenant:
    """A merchant in test mode with a default account at the provider in memory."""
    return make_tenant()


class Window(Client):
    """A window of a browser: what it sends says which merchant and mode its last page was drawn for, as pages do."""

    drawn_for: str = ""

    def request(self, **request: Any) -> Any:
        """Send it; a whole page that comes back is what the window shows from now on."""
        response = super().request(**request)
        drawn = b"" if response.streaming else response.content
        if found := re.search(rb'class="shell" hx-headers=\'{"X-Seat": "([^"]+)"}\'', drawn):
            self.drawn_for = found.group(1).decode()
        return response

    def get(self, *args: Any, **kwargs: Any) -> Any:
        """A link; with `HX-Request` among the headers, a poll."""
        headers = kwargs.pop("headers", None) or {}
        if "HX-Request" in headers:
            headers = {"X-Seat": self._shown(), **headers}
        return super().get(*args, headers=headers, **kwargs)

    def post(self, *args: Any, **kwargs: Any) -> Any:
        """A form of the page that the window shows."""
        path, fields = (*args, {})[:2]
        return super().post(path, {"seat": self._shown(), **fields}, **kwargs)

    def _shown(self) -> str:
        if not self.drawn_for:
            self.get("/dashboard/")
        return self.drawn_for


def signed_in(tenant: Tenant | None, role: Role = Role.ADMIN) -> Window:
    """A browser in which a new member of this merchant is signed in, through the form."""
    person = make_person(tenant or make_merchant("Another Shop"), role)
    client = Window()
    answer = Client.post(client, "/dashboard/sign-in", {"email": person.email, "password": PASSWORD})
    assert answer.status_code == 303, answer.content.decode()
    return client


@pytest.fixture
def owner(tenant: Tenant) -> Window:
    """An administrator of the merchant."""
    return signed_in(tenant)


@pytest.fixture
def viewer(tenant: Tenant) -> Window:
    """A colleague who may only look."""
    return signed_in(tenant, Role.VIEWER)


@pytest.fixture
def stranger(db: None) -> Window:
    """An administrator of another merchant."""
    return signed_in(None)
