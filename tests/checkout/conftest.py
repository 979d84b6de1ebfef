"""A merchant with the provider in memory, and an order to pay."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from gateway.core.tenancy import Tenant
from payments.models import Order
from tests.payments.factories import make_order, make_tenant
from tests.support.fake_provider import PROVIDER, FakeProvider


@pytest.fixture
def provider(settings: Settings) -> Iterator[FakeProvider]:
    """The provider in memory, empty."""
    settings.PROVIDERS = {**settings.PROVIDERS, "fake": "tests.support.fake_provider.fake_provider"}
    settings.PROVIDER_OBSERVATION_HANDLERS = []
    PROVIDER.reset()
    yield PROVIDER
    PROVIDER.reset()


@pytest.fixture
def tenant(db: None, provider: FakeProvider) -> Tenant:
    """A merchant in test mode with a default account at the provider in memory."""
    return make_tenant()


@pytest.fixture
def order(tenant: Tenant) -> Order:
    """EUR 49.99."""
    return make_order(tenant, 4999, reference="LS-1", description="Brass desk lamp")


@pytest.fixture
def customer() -> Client:
    """A browser that checks CSRF, keeps no cookie of ours and needs none."""
    return Client(enforce_csrf_checks=True)
