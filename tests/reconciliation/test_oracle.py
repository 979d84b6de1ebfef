import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone
from pytest_django import Settings

from gateway.core import clock
from gateway.core.tenancy import Tenant
from gateway.ledger.rules import credit, debit
from gateway.ledger.services.post import post
from payments.models import Operation, Payment, ProviderAccount
from payments.rules.ledger_accounts import merchant_pending, provider_clearing
from payments.services.cancel_payment import cancel_payment
from payments.services.capture_payment import capture_payment
from reconciliation.services.oracle import compare
from refunds.models import Refund
from refunds.services.create_refund import create_refund
from tests.support.bank import BankAccount
from tests.support.receiver import running_receiver
from tests.support.witnessed import merchant_at_bank, order_at_bank, pay_at_bank
from tests.support.work import run_due_work
from webhooks.models import Delivery
from webhooks.services.create_endpoint import create_endpoint

WHY = "a test looks at its own rows"


@pytest.fixture
def tenant(db: None, bank_account: BankAccount) -> Tenant:
    return merchant_at_bank(bank_account)[0]


def story(tenant: Tenant, settings: Settings) -> None:
    """Some of everything, delivered to a healthy receiver."""
    with running_receiver() as receiver:
        settings.DEV_WEBHOOK_ALLOW = [receiver.address]
        create_endpoint(tenant=tenant, url=receiver.url, now=clock.now())
        paid = pay_at_bank(tenant, order_at_bank(tenant, 4999))
        pay_at_bank(tenant, order_at_bank(tenant, 1000), method="pm_card_chargeDeclined")
        manual = pay_at_bank(tenant, order_at_bank(tenant, 900), capture_method="manual")
        canceled = pay_at_bank(tenant, order_at_bank(tenant, 700), capture_method="manual")
        pay_at_bank(tenant, order_at_bank(tenant, 2500, "JPY"), simulate="drop_response")
        run_due_work(forward=True)
        capture_payment(tenant=tenant, payment_id=manual.id, amount=600, final=True, now=timezone.now())
        cancel_payment(tenant=tenant, payment_id=canceled.id, now=timezone.now())
        create_refund(tenant=tenant, payment_id=paid.id, amount=1999, now=timezone.now())
        run_due_work(forward=True)


def test_everybody_tells_the_same_story(tenant: Tenant, settings: Settings, bank_account: BankAccount) -> None:
    story(tenant, settings)

    result = compare()

    assert result.differences == []
    assert result.ok
    assert (result.counts["payments"], result.counts["refunds"], result.counts["anomalies"]) == (5, 1, 0)
    assert result.counts["bank_lines"] == len(bank_account.journal()) > 8


def test_the_command_prints_one_json_object(tenant: Tenant, settings: Settings) -> None:
    story(tenant, settings)
    printed = StringIO()

    call_command("oracle", "--json", stdout=printed)

    result: dict[str, Any] = json.loads(printed.getvalue())
    assert (result["ok"], result["differences"]) == (True, [])


@pytest.mark.parametrize("options", [("--json",), ()])
def test_the_command_ends_with_status_1_when_anything_differs(
    tenant: Tenant, bank_account: BankAccount, options: tuple[str, ...]
) -> None:
    body = {"amount": 123, "currency": "EUR", "source": "pm_card_visa", "reference": "opn_nobody"}
    assert bank_account.request("POST", "/v1/payments", body, key="nobody").status_code == 201
    printed = StringIO()

    with pytest.raises(SystemExit) as end:
        call_command("oracle", *options, stdout=printed)

    assert end.value.code == 1
    assert "capture opn_nobody: bank has 123 EUR" in printed.getvalue()
    assert not options or json.loads(printed.getvalue())["ok"] is False


def test_a_charge_that_we_know_nothing_of_is_found(
    tenant: Tenant, settings: Settings, bank_account: BankAccount
) -> None:
    story(tenant, settings)
    body = {"amount": 123, "currency": "EUR", "source": "pm_card_visa", "reference": "opn_nobody"}
    assert bank_account.request("POST", "/v1/payments", body, key="nobody").status_code == 201

    differences = compare().differences

    assert any("capture opn_nobody: bank has 123 EUR" in difference for difference in differences)
    assert any("provider_clearing" in difference for difference in differences)


def test_a_posting_without_money_is_found(tenant: Tenant, settings: Settings) -> None:
    story(tenant, settings)
    payment = Payment.objects.unscoped(WHY).filter(status="succeeded", currency="EUR").order_by("id")[0]
    operation = Operation.objects.unscoped(WHY).filter(payment_id=payment.id).get()
    Operation.objects.unscoped(WHY).filter(id=operation.id).update(captured_amount=operation.captured_amount + 1)
    post(
        source_type="operation",
        source_id=payment.id,
        event="captured",
        lines=(debit(provider_clearing(payment), 50), credit(merchant_pending(payment), 50)),
        now=timezone.now(),
        merchant_id=payment.merchant_id,
        livemode=False,
    )

    differences = compare().differences

    assert any("rows has 5000 EUR, ledger has 4999 EUR" in difference for difference in differences)
    assert any("bank has nothing" in difference and "50 EUR" in difference for difference in differences)
    assert any("amount_captured is 4999, its parts sum to 5000" in difference for difference in differences)


def test_rows_deliveries_and_unfinished_work_that_differ_are_found(tenant: Tenant, settings: Settings) -> None:
    story(tenant, settings)
    create_refund(tenant=tenant, payment_id=Refund.objects.unscoped(WHY).get().payment_id, amount=1, now=timezone.now())
    delivery = Delivery.objects.unscoped(WHY).order_by("sequence")[0]
    Delivery.objects.unscoped(WHY).filter(id=delivery.id).update(status="failed")

    differences = compare().differences

    assert any("is still pending" in difference for difference in differences)
    assert any("is failed although its endpoint listens" in difference for difference in differences)


def test_a_bank_that_does_not_answer_is_a_difference(
    tenant: Tenant, bank_account: BankAccount, settings: Settings
) -> None:
    ProviderAccount.objects.unscoped(WHY).update(config={"base_url": "http://127.0.0.1:9", "account": bank_account.id})

    assert "could not be read" in compare().differences[0]


def test_wait_quiet_returns_when_nothing_is_left_and_says_what_is_when_time_is_over(tenant: Tenant) -> None:
    pay_at_bank(tenant, order_at_bank(tenant))
    with pytest.raises(CommandError, match=r"payments\.carry_out_operation"):
        call_command("wait_quiet", "--timeout", "0.1")
    run_due_work(forward=True)

    printed = StringIO()
    call_command("wait_quiet", "--timeout", "5", stdout=printed)

    assert printed.getvalue() == "quiet\n"
