"""A merchant with payments at the provider in memory, and three people: its owner, a colleague who may only read, a stranger."""

from __future__ import annotations

from collections.abc import Iterator

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


def signed_in(tenant: Tenant | None, role: Role = Role.ADMIN) -> Client:
    """A browser in which a new member of this merchant is signed in, through the form."""
    person = make_person(tenant or make_merchant("Another Shop"), role)
    client = Client()
    answer = client.post("/dashboard/sign-in", {"email": person.email, "password": PASSWORD})
    assert answer.status_code == 303, answer.content.decode()
    return client


@pytest.fixture
def owner(tenant: Tenant) -> Client:
    """An administrator of the merchant."""
    return signed_in(tenant)


@pytest.fixture
def viewer(tenant: Tenant) -> Client:
    """A colleague who may only look."""
    return signed_in(tenant, Role.VIEWER)


@pytest.fixture
def stranger(db: None) -> Client:
    """An administrator of another merchant."""
    return signed_in(None)
