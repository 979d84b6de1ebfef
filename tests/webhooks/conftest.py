from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from gateway.core import clock
from gateway.core.ids import new_id
from gateway.core.tenancy import Tenant
from merchants.models import Merchant
from tests.support.receiver import Receiver, running_receiver
from webhooks.services.create_endpoint import CreatedEndpoint, create_endpoint


@pytest.fixture
def tenant(db: None) -> Tenant:
    """A merchant in test mode."""
    merchant = Merchant.objects.create(name="Lumen Supply Co.", slug=f"merchant-{new_id()}")
    return Tenant(merchant.id, livemode=False)


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    """A receiver that the policy lets us call."""
    with running_receiver() as started:
        settings.DEV_WEBHOOK_ALLOW = [*settings.DEV_WEBHOOK_ALLOW, started.address]
        yield started


@pytest.fixture
def created(tenant: Tenant, receiver: Receiver) -> CreatedEndpoint:
    """An endpoint at the receiver that wants everything."""
    return create_endpoint(tenant=tenant, url=receiver.url, now=clock.now())
