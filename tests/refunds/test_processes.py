"""A worker that dies between the bank's answer and our settling: no refund is lost, none is made twice."""

import json
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from payments.selectors.payments import get_payment
from refunds import states
from refunds.models import Refund
from refunds.services.create_refund import create_refund
from tests.support.bank import BankAccount
from tests.support.database import TestDatabase
from tests.support.receiver import running_receiver
from tests.support.system import running_system, wait_until
from tests.support.witnessed import merchant_at_bank, order_at_bank, pay_at_bank
from tests.support.work import run_due_work
from webhooks.models import Delivery
from webhooks.services.create_endpoint import create_endpoint

WHY = "a test looks at its own rows"


@pytest.mark.faults
def test_a_killed_worker_loses_no_refund_and_makes_none_twice(
    committed_db: TestDatabase, bank_account: BankAccount, tmp_path: Path, settings: Settings
) -> None:
    with (
        running_receiver() as receiver,
        running_system(
            committed_db, bank_account, tmp_path, DEV_WEBHOOK_ALLOW=receiver.address, WEBHOOK_TIME_SCALE="10"
        ) as system,
    ):
        settings.DEV_WEBHOOK_ALLOW = [receiver.address]
        tenant, _ = merchant_at_bank(bank_account)
        payment = pay_at_bank(tenant, order_at_bank(tenant, 1000))
        run_due_work()
        system.start_worker("victim", crash_point="refund_before_settle")
        create_endpoint(tenant=tenant, url=receiver.url, now=timezone.now())
        refund = create_refund(tenant=tenant, payment_id=payment.id, amount=400, now=timezone.now())
        pay_at_bank(tenant, order_at_bank(tenant, 700))

        system.wait_dead("victim")
        system.start_worker("heir")
        wait_until(
            lambda: Refund.objects.for_merchant(tenant).get().status == states.SUCCEEDED,
            timeout_s=180,
            what="the refund succeeds",
        )
        system.manage("wait_quiet", "--timeout", "90")
        oracle = json.loads(system.manage("oracle", "--json", statuses=(0, 1)))

    assert oracle["differences"] == []
    assert len(bank_account.journal(kind="refund", reference=refund.public_id)) == 1
    assert get_payment(tenant, payment.id).amount_refunded == 400
    assert set(Delivery.objects.unscoped(WHY).values_list("status", flat=True)) == {"delivered"}
    # At least once, and every repetition under the same id.
    assert {request.headers["webhook-id"] for request in receiver.requests} == {
        delivery.event.public_id for delivery in Delivery.objects.unscoped(WHY).select_related("event")
    }
