"""The published test inputs and faults, at the real simulated bank; the oracle has the last word."""

from __future__ import annotations

import time

import pytest
from django.db import connection
from django.utils import timezone

from gateway.core.tenancy import Tenant
from payments.models import Payment
from payments.providers.base import CardInput, UpiInput
from payments.selectors.orders import get_order
from payments.selectors.payments import get_payment
from payments.services.cancel_payment import cancel_payment
from payments.services.capture_payment import capture_payment
from payments.services.create_order import create_order
from payments.services.create_payment import create_payment
from payments.services.create_token import create_token
from payments.services.request_sync import request_sync
from reconciliation.services.oracle import compare
from tests.support.bank import BankAccount
from tests.support.witnessed import merchant_at_bank
from tests.support.work import run_due_work

_GOOD = """
4242424242424242 4000056655665556 5555555555554444 2223003122003222 5200828282828210 5105105105105100 378282246310005
371449635398431 6011111111111117 6011000990139424 6011981111111113 3056930009020004 36227206271667 3566002020360505
6200000000000005 6200000000000047 6205500000000000004 6555900000604105 6527658900001005 4100280000001007
5500670000001002 4000000000004954 4000000000009235 4000000000000101 4000000000000036 4000000000000028
4000000000000010 4000000000000044 4000000000003055 4000000000003097 4000000000000259 4000000000000077
"""
SUCCESS = _GOOD.split()
DECLINES = {
    "4000000000000002": "generic_decline",
    "4000000000009995": "insufficient_funds",
    "4000000000009987": "lost_card",
    "4000000000009979": "stolen_card",
    "4000000000006975": "card_velocity_exceeded",
    "4000000000000069": "expired_card",
    "4000000000000127": "incorrect_cvc",
    "4000000000000119": "processing_error",
    "4000000000000341": "generic_decline",
    "4100000000000019": "fraudulent",
    "4100280000090000": "payment_timed_out",
    "4100280000080001": "insufficient_funds",
}


@pytest.fixture
def tenant(db: None, bank_account: BankAccount) -> Tenant:
    return merchant_at_bank(bank_account)[0]


def card(number: str, **fields: str) -> CardInput:
    cvc = "1234" if number.startswith(("34", "37")) and len(number) == 15 else "123"
    return CardInput(number, 12, timezone.now().year + 3, cvc, **fields)


def start(tenant: Tenant, method: CardInput | UpiInput, **fields: object) -> Payment:
    token = create_token(tenant=tenant, method=method, now=timezone.now())
    amounts = {} if "order_id" in fields else {"amount": 1000, "currency": "EUR"}
    return create_payment(tenant=tenant, token_id=token.id, now=timezone.now(), **amounts, **fields)  # type: ignore[arg-type]


def pay(tenant: Tenant, method: CardInput | UpiInput, **fields: object) -> Payment:
    payment = start(tenant, method, **fields)
    run_due_work()
    return get_payment(tenant, payment.id)


def look(payment: Payment) -> Payment:
    """What the provider's webhook sets off."""
    request_sync(payment_id=payment.id, tenant=payment.tenant)
    run_due_work()
    return get_payment(payment.tenant, payment.id)


def decide(bank_account: BankAccount, payment: Payment, decision: str) -> Payment:
    assert payment.next_action is not None
    bank_account.decide(payment.next_action["url"], decision)
    return look(payment)


def test_every_good_card_pays(tenant: Tenant, bank_account: BankAccount) -> None:
    outcomes = {number: pay(tenant, card(number)).status for number in SUCCESS}
    assert outcomes == dict.fromkeys(SUCCESS, "succeeded")
    assert bank_account.totals()["capture"]["EUR"] == {"count": len(SUCCESS), "amount": 1000 * len(SUCCESS)}
    assert compare().differences == []


def test_every_declining_card_says_why(tenant: Tenant, bank_account: BankAccount) -> None:
    failures = {number: pay(tenant, card(number)).failure for number in DECLINES}
    assert {number: failure and failure["decline_code"] for number, failure in failures.items()} == DECLINES
    assert {failure["advice"] for failure in failures.values() if failure} <= {
        "retry", "use_other_method", "contact_bank",
    }  # fmt: skip
    assert "authorize" not in bank_account.totals()


@pytest.mark.parametrize(
    ("holder", "decline_code"),
    [("DECLINED", "generic_decline"), ("CARD_EXPIRED", "expired_card"), ("ERROR", "processing_error")],
)
def test_a_holder_name_forces_its_outcome(tenant: Tenant, holder: str, decline_code: str) -> None:
    payment = pay(tenant, card("4242424242424242", holder_name=holder))
    assert (payment.status, payment.failure and payment.failure["decline_code"]) == ("failed", decline_code)


@pytest.mark.parametrize(
    ("number", "decision", "status"),
    [
        ("4000000000003220", "approve", "succeeded"),
        ("4000000000003220", "fail", "failed"),
        ("4000000000003220", "cancel", "failed"),
        ("4000008400001629", "approve", "failed"),
        ("4000002760003184", "approve", "succeeded"),
        ("4000008260003178", "approve", "failed"),
    ],
)
def test_a_challenge_ends_as_the_customer_decides(
    tenant: Tenant, bank_account: BankAccount, number: str, decision: str, status: str
) -> None:
    payment = pay(tenant, card(number), return_url="https://shop.test/back")
    assert payment.status == "requires_action"
    assert decide(bank_account, payment, decision).status == status
    assert compare().differences == []


def test_upi_pays_at_once_or_after_the_customer_has_decided(tenant: Tenant, bank_account: BankAccount) -> None:
    assert pay(tenant, UpiInput("success@upi")).status == "succeeded"
    assert pay(tenant, UpiInput("failure@razorpay")).status == "failed"
    waiting = pay(tenant, UpiInput("pending@upi"))
    assert waiting.status == "requires_action"
    assert decide(bank_account, waiting, "approve").status == "succeeded"


def test_a_new_attempt_calls_off_the_waiting_one_at_the_bank(tenant: Tenant, bank_account: BankAccount) -> None:
    order = create_order(tenant=tenant, amount=1000, currency="EUR", now=timezone.now())
    waiting = pay(tenant, card("4000000000003220"), order_id=order.id)
    following = pay(tenant, card("4242424242424242"), order_id=order.id)
    assert (get_payment(tenant, waiting.id).status, following.status) == ("canceled", "succeeded")
    assert get_order(tenant, order.id).amount_paid == 1000
    assert compare().differences == []


def test_an_approval_beats_the_new_attempt_at_the_bank(tenant: Tenant, bank_account: BankAccount) -> None:
    order = create_order(tenant=tenant, amount=1000, currency="EUR", now=timezone.now())
    waiting = pay(tenant, card("4000000000003220"), order_id=order.id, capture_method="manual")
    following = start(tenant, card("4242424242424242"), order_id=order.id)
    assert waiting.next_action is not None
    bank_account.decide(waiting.next_action["url"], "approve")
    run_due_work()
    waiting, following = get_payment(tenant, waiting.id), get_payment(tenant, following.id)
    assert (waiting.status, following.status) == ("requires_capture", "canceled")
    assert compare().differences == []


def test_captures_in_parts_and_a_cancel_of_the_rest(tenant: Tenant, bank_account: BankAccount) -> None:
    payment = pay(tenant, card("4242424242424242"), capture_method="manual")
    capture_payment(tenant=tenant, payment_id=payment.id, amount=300, now=timezone.now())
    run_due_work()
    cancel_payment(tenant=tenant, payment_id=payment.id, now=timezone.now())
    run_due_work()
    payment = get_payment(tenant, payment.id)
    assert (payment.status, payment.amount_captured) == ("succeeded", 300)
    assert compare().differences == []


@pytest.mark.parametrize(
    "fault",
    [
        "drop_response",
        "error_500_after_commit",
        "error_500_before_commit",
        "rate_limited",
        "delay_before_commit",
        "delay_after_commit",
        "duplicate_webhook",
    ],
)
def test_a_fault_delays_a_payment_and_charges_once(tenant: Tenant, bank_account: BankAccount, fault: str) -> None:
    payment = start(tenant, card("4242424242424242"), metadata={"simulate": fault})
    settled = run_until_settled(payment)
    assert (settled.status, settled.amount_captured) == ("succeeded", 1000)
    assert bank_account.totals()["capture"]["EUR"] == {"count": 1, "amount": 1000}
    assert compare().differences == []


def test_a_fault_on_capture_is_resolved_too(tenant: Tenant, bank_account: BankAccount) -> None:
    metadata = {"simulate_capture": "drop_response", "simulate_void": "error_500_after_commit"}
    payment = pay(tenant, card("4242424242424242"), capture_method="manual", metadata=metadata)
    capture_payment(tenant=tenant, payment_id=payment.id, amount=400, now=timezone.now())
    run_until_settled(payment)
    cancel_payment(tenant=tenant, payment_id=payment.id, now=timezone.now())
    settled = run_until_settled(payment)
    assert (settled.status, settled.amount_captured) == ("succeeded", 400)
    assert compare().differences == []


def test_a_late_success_pays_the_order_that_still_waits(tenant: Tenant, bank_account: BankAccount) -> None:
    payment = pay(tenant, card("4242424242424242"), metadata={"simulate": "late_success"})
    assert payment.status == "failed"
    deadline = time.monotonic() + 60
    while payment.status == "failed" and time.monotonic() < deadline:
        time.sleep(0.2)
        payment = look(payment)
    assert (payment.status, payment.late_success) == ("succeeded", True)
    assert get_order(tenant, payment.order_id).status == "paid"
    assert compare().differences == []


def test_a_card_number_is_found_in_no_table(tenant: Tenant) -> None:
    pay(tenant, card("4242424242424242", holder_name="Mira Sentinel"))
    pay(tenant, card("4000000000009995"))
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
        )
        tables = [row[0] for row in cursor.fetchall()]
        for table in tables:
            cursor.execute(
                f'SELECT count(*) FROM "{table}" t WHERE t::text ~ %s',
                ["4242424242424242|4000000000009995|Mira Sentinel"],
            )
            row = cursor.fetchone()
            if row and row[0]:
                found.append(table)
    assert len(tables) > 30
    assert found == []


def run_until_settled(payment: Payment) -> Payment:
    """Let the worker try until it knows; at most 60 s."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        run_due_work(forward=True)
        present = get_payment(payment.tenant, payment.id)
        if present.status not in ("processing",) and not present.amount_capture_pending:
            return present
        time.sleep(0.1)
    return get_payment(payment.tenant, payment.id)
