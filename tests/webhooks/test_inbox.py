"""The provider's events, from the raw bytes to the settled payment, with the bank's own signature."""

import hashlib
import hmac
import json
import time
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from gateway.core.ids import new_id, to_public
from gateway.core.tenancy import Tenant
from gateway.work.models import Work
from payments.models import Anomaly, Operation, Payment, ProviderAccount
from payments.selectors.payments import get_payment
from refunds.models import Refund
from refunds.services.create_refund import create_refund
from tests.support.bank import BankAccount
from tests.support.witnessed import merchant_at_bank, order_at_bank, pay_at_bank
from tests.support.work import run_due_work
from webhooks import states
from webhooks.models import InboxEvent

WHY = "a test looks at its own rows"


@pytest.fixture
def merchant(db: None, bank_account: BankAccount) -> tuple[Tenant, ProviderAccount]:
    return merchant_at_bank(bank_account)


def event_of(bank: BankAccount, payment_reference: str, operation_id: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"bev_{new_id().hex}",
        "type": "payment.captured",
        "created_at": timezone.now().isoformat(),
        "account": bank.id,
        "livemode": False,
        "data": {"object": {"id": payment_reference, "reference": operation_id}},
        **fields,
    }


def send(
    bank: BankAccount,
    account: ProviderAccount,
    event: dict[str, Any],
    *,
    secret: str = "",
    age_s: int = 0,
    path: str = "",
) -> HttpResponse:
    body, stamp = json.dumps(event).encode(), int(time.time()) - age_s
    signature = hmac.new((secret or bank.webhook_secret).encode(), f"{stamp}.".encode() + body, hashlib.sha256)
    answer: Any = Client().post(
        path or f"/webhooks/simulated_bank/{account.public_id}",
        data=body,
        content_type="application/json",
        headers={"Bank-Signature": f"t={stamp},v1={signature.hexdigest()}"},
    )
    return answer  # type: ignore[no-any-return]


def lost_payment(tenant: Tenant) -> Payment:
    """A payment that the bank has carried out while its answer got lost."""
    payment = pay_at_bank(tenant, order_at_bank(tenant), simulate="drop_response")
    run_due_work()
    payment = get_payment(tenant, payment.id)
    assert payment.status == "processing"
    return payment


def only_operation() -> Operation:
    return Operation.objects.unscoped(WHY).get()


def test_an_event_leads_to_a_look_at_the_provider_which_settles_the_payment(
    merchant: tuple[Tenant, ProviderAccount], bank_account: BankAccount
) -> None:
    tenant, account = merchant
    payment = lost_payment(tenant)
    line = bank_account.journal(kind="capture")[0]
    Work.objects.filter(kind="payments.carry_out_operation").delete()

    answer = send(bank_account, account, event_of(bank_account, line["payment"], only_operation().public_id))
    run_due_work()

    assert (answer.status_code, json.loads(answer.content)) == (200, {"received": True, "duplicate": False})
    assert get_payment(tenant, payment.id).status == "succeeded"
    row = InboxEvent.objects.unscoped(WHY).get()
    assert (row.state, row.payment_id) == (states.PROCESSED, payment.id)


def test_any_order_and_any_number_of_times_give_the_same_end(
    merchant: tuple[Tenant, ProviderAccount], bank_account: BankAccount
) -> None:
    tenant, account = merchant
    payment = lost_payment(tenant)
    refund_id = ""
    run_due_work(forward=True)
    refund = create_refund(tenant=tenant, payment_id=payment.id, amount=1000, now=timezone.now())
    run_due_work()
    refund_id = refund.public_id
    reference = get_payment(tenant, payment.id).provider_reference
    events = [event_of(bank_account, reference, name) for name in (refund_id, only_operation().public_id)]

    answers = [send(bank_account, account, event) for event in (*reversed(events), *events, events[0])]
    run_due_work()

    assert [json.loads(answer.content)["duplicate"] for answer in answers] == [False, False, True, True, True]
    assert InboxEvent.objects.unscoped(WHY).count() == 2
    present = get_payment(tenant, payment.id)
    assert (present.status, present.amount_captured, present.amount_refunded) == ("succeeded", 4999, 1000)
    assert Refund.objects.unscoped(WHY).count() == 1


@pytest.mark.parametrize("wrong", [{"secret": "wrong"}, {"age_s": 400}, {"age_s": -400}])
def test_a_bad_signature_is_400_and_writes_nothing(
    merchant: tuple[Tenant, ProviderAccount], bank_account: BankAccount, wrong: dict[str, Any]
) -> None:
    _, account = merchant

    answer = send(bank_account, account, event_of(bank_account, "bpay_x", ""), **wrong)

    assert (answer.status_code, json.loads(answer.content)["code"]) == (400, "bad_signature")
    assert not InboxEvent.objects.unscoped(WHY).exists()
    assert not Work.objects.exists()


def test_an_account_that_does_not_exist_is_404(
    merchant: tuple[Tenant, ProviderAccount], bank_account: BankAccount
) -> None:
    _, account = merchant
    event = event_of(bank_account, "bpay_x", "")

    for path in (
        f"/webhooks/simulated_bank/{to_public('pva', new_id())}",
        f"/webhooks/stripe/{account.public_id}",
        "/webhooks/simulated_bank/nonsense",
    ):
        assert send(bank_account, account, event, path=path).status_code == 404
    assert Client().get(f"/webhooks/simulated_bank/{account.public_id}").status_code == 405


def test_while_the_database_is_down_the_provider_is_told_to_come_back(
    merchant: tuple[Tenant, ProviderAccount], bank_account: BankAccount
) -> None:
    _, account = merchant
    where = "webhooks.services.receive_provider_event.provider_account_by_public_id"

    with patch(where, side_effect=OperationalError("the server is away")):
        answer = send(bank_account, account, event_of(bank_account, "bpay_x", ""))

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


def test_an_unknown_object_parks_and_after_a_day_becomes_an_anomaly(
    merchant: tuple[Tenant, ProviderAccount], bank_account: BankAccount
) -> None:
    _, account = merchant
    unknown = event_of(bank_account, "bpay_unknown", to_public("opn", new_id()))

    assert send(bank_account, account, unknown).status_code == 200
    run_due_work()
    row = InboxEvent.objects.unscoped(WHY).get()
    assert row.state == states.RECEIVED
    assert Work.objects.filter(kind="webhooks.process_inbox").count() == 1

    InboxEvent.objects.unscoped(WHY).update(received_at=timezone.now() - timedelta(hours=25))
    Work.objects.update(run_at=timezone.now())
    run_due_work()
    row.refresh_from_db()
    assert row.state == states.ABANDONED
    assert Anomaly.objects.unscoped(WHY).get().kind == "unknown_provider_object"
    assert Work.objects.count() == 0


def test_the_route_of_the_demo_merchant_is_the_same_door(
    merchant: tuple[Tenant, ProviderAccount], bank_account: BankAccount, settings: Any
) -> None:
    tenant, account = merchant
    event = event_of(bank_account, "bpay_x", "")
    assert send(bank_account, account, event, path="/api/payments/webhook").status_code == 404

    settings.DEMO_MERCHANT_SLUG = account.merchant.slug
    assert send(bank_account, account, event, path="/api/payments/webhook").status_code == 200
    assert InboxEvent.objects.for_merchant(tenant).count() == 1
