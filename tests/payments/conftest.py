"""What every test of payments needs: a merchant with an account at the provider in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection
from pytest_django.fixtures import Settings

from gateway.core.invariants import run
from gateway.core.tenancy import Tenant
from tests.payments.factories import make_tenant
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
def tenant(db: None, provider: FakeProvider) -> Iterator[Tenant]:
    """A merchant in test mode with a default account at the provider in memory. The books must be right in the end."""
    yield make_tenant()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    broken = [line for result in run(settings.INVARIANTS) if not result.holds for line in result.lines()]
    assert broken == []
