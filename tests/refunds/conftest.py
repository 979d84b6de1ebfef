from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from gateway.core.tenancy import Tenant
from tests.payments.factories import make_tenant
from tests.support.fake_provider import PROVIDER, FakeProvider


@pytest.fixture
def provider(settings: Settings) -> Iterator[FakeProvider]:
    """The provider in memory, empty."""
    settings.PROVIDERS = {**settings.PROVIDERS, "fake": "tests.support.fake_provider.fake_provider"}
    PROVIDER.reset()
    yield PROVIDER
    PROVIDER.reset()


@pytest.fixture
def tenant(db: None, provider: FakeProvider) -> Tenant:
    """A merchant in test mode with a default account at the provider in memory; its fee is 2 %."""
    return make_tenant()
