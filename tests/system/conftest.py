"""A merchant on a running system: what every claim about processes starts from."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.utils import timezone

from demo.client import ApiClient
from gateway.core.tenancy import Tenant
from merchants.services.create_api_key import create_api_key
from merchants.services.create_merchant import create_merchant
from merchants.services.create_publishable_key import create_publishable_key
from payments.services.create_provider_account import create_provider_account
from tests.support.bank import BankAccount
from tests.support.database import TestDatabase
from tests.support.system import System, running_system

QUIET_TIMEOUT_S = 180


@dataclass(frozen=True)
class Scene:
    """A system, one merchant with an account at the bank, and clients with its keys."""

    system: System
    bank: BankAccount
    tenant: Tenant
    api: ApiClient
    publishable: ApiClient

    def wait_quiet(self, timeout_s: float = QUIET_TIMEOUT_S) -> None:
        """Until no work is left, however long a lease has to run out first; fails after `timeout_s`."""
        self.system.manage("wait_quiet", "--timeout", str(timeout_s), timeout_s=timeout_s + 30)

    def differences(self) -> list[str]:
        """What the oracle finds: the bank's journal against ledger, payments, refunds and deliveries."""
        printed = self.system.manage("oracle", "--json", statuses=(0, 1)).strip().splitlines()[-1]
        found: list[str] = json.loads(printed)["differences"]
        return found

    def charges(self) -> int:
        """How many captures the bank's journal holds."""
        return sum(1 for line in self.bank.journal() if line["kind"] == "capture")


@pytest.fixture
def scene(committed_db: TestDatabase, bank_account: BankAccount, tmp_path: Path) -> Iterator[Scene]:
    """The merchant is made, nothing is started."""
    with running_system(committed_db, bank_account, tmp_path) as system:
        merchant = create_merchant(name="Fault Line Ltd", slug="fault-line")
        tenant = Tenant(merchant.id, livemode=False)
        account = create_provider_account(
            tenant=tenant,
            provider="simulated_bank",
            name="Simulated bank",
            config={"base_url": bank_account.base_url, "account": bank_account.id},
            secrets={"api_key": bank_account.api_key, "webhook_secret": bank_account.webhook_secret},
            is_default=True,
            now=timezone.now(),
        )
        bank_account.send_webhooks_to(f"{system.base_url}/webhooks/simulated_bank/{account.public_id}")
        key, secret = create_api_key(tenant=tenant, name="tests")
        publishable = create_publishable_key(tenant=tenant, name="tests")
        yield Scene(
            system=system,
            bank=bank_account,
            tenant=tenant,
            api=ApiClient(system.base_url, key.key_id, secret),
            publishable=ApiClient(system.base_url, publishable.value),
        )
