"""Refunds whose end comes later, at the real simulated bank: by its webhooks in any order, or by looking alone."""

import time
from collections.abc import Callable, Iterator

import pytest
from django.utils import timezone

from gateway.audit.models import AuditEntry
from gateway.core.ids import id_time
from gateway.core.tenancy import Tenant
from gateway.work.models import Work
from merchants.models import Merchant
from payments.models import Payment
from payments.selectors.orders import get_order
from payments.selectors.payments import get_payment
from payments.services.request_sync import request_sync
from reconciliation.services.oracle import compare
from reconciliation.services.quiet import is_quiet
from refunds import states
from refunds.models import Refund
from refunds.rules.resolution import next_look
from refunds.services.create_refund import create_refund
from refunds.services.look_again import look_again
from tests.payments.factories import event_types, postings
from tests.support.bank import BankAccount, BankService
from tests.support.witnessed import merchant_at_bank, order_at_bank, pay_at_bank
from tests.support.work import run_due_work

WHY = "a test looks at its own rows"
PENDING, FAILS = "pm_card_pendingRefund", "pm_card_refundFail"


@pytest.fixture
def tenant(db: None, bank_account: BankAccount) -> Iterator[Tenant]:
    yield merchant_at_bank(bank_account)[0]
    if is_quiet():
        assert compare().differences == []


def paid(tenant: Tenant, method: str) -> Payment:
    payment = pay_at_bank(tenant, order_at_bank(tenant, 1000), method=method)
    run_due_work()
    return get_payment(tenant, payment.id)


def refunded(payment: Payment, amount: int = 400, **metadata: str) -> Refund:
    refund = create_refund(
        tenant=payment.tenant, payment_id=payment.id, amount=amount, metadata=metadata, now=timezone.now()
    )
    run_due_work()
    return again(refund)


def again(refund: Refund) -> Refund:
    return Refund.objects.unscoped(WHY).get(id=refund.id)


def amounts(payment: Payment) -> tuple[int, int, int]:
    """Refunded and on its way at the payment, refunded at its order."""
    present = get_payment(payment.tenant, payment.id)
    order = get_order(payment.tenant, payment.order_id)
    return present.amount_refunded, present.amount_refund_pending, order.amount_refunded


def webhook(payment: Payment) -> None:
    """What any webhook of the bank sets off, whatever it says."""
    request_sync(payment_id=payment.id, tenant=payment.tenant)
    run_due_work()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


def bank_is_done(bank: BankAccount) -> Callable[[], bool]:
    return lambda: bank.status()["refunds_waiting"] == 0


def test_a_pending_refund_is_unfinished_work_until_the_bank_decides(tenant: Tenant, bank_account: BankAccount) -> None:
    payment = paid(tenant, PENDING)
    refund = refunded(payment)
    assert (refund.status, refund.provider_reference != "") == (states.PROCESSING, True)
    assert amounts(payment) == (0, 400, 0)
    assert (postings()["refunds_in_transit"], is_quiet()) == (-400, False)

    wait_until(bank_is_done(bank_account))
    webhook(payment)
    webhook(payment)

    assert again(refund).status == states.SUCCEEDED
    assert amounts(payment) == (400, 0, 400)
    assert is_quiet()
    assert event_types().count("refund.succeeded") == 1
    actions = (
        AuditEntry.objects.for_merchant(tenant)
        .filter(subject_id=str(refund.id))
        .order_by("id")
        .values_list("action", flat=True)
    )
    assert list(actions) == ["refund.created", "refund.processing", "refund.succeeded"]


def test_without_any_webhook_a_pending_refund_is_found_by_looking(tenant: Tenant, bank_account: BankAccount) -> None:
    payment = paid(tenant, PENDING)
    refund = refunded(payment, simulate="refund_pending:0.2")
    (work,) = Work.objects.filter(kind=states.CARRY_OUT, subject_id=refund.id)
    assert 2 <= (work.run_at - id_time(refund.id)).total_seconds() < 15

    def found() -> bool:
        run_due_work()
        return again(refund).status == states.SUCCEEDED

    wait_until(found)
    assert is_quiet()


def test_a_pending_refund_that_the_bank_rejects_gives_its_amount_back(
    tenant: Tenant, bank_account: BankAccount
) -> None:
    payment = paid(tenant, "pm_card_visa")
    refund = refunded(payment, simulate="refund_rejected:0.2")
    assert refund.status == states.PROCESSING

    wait_until(bank_is_done(bank_account))
    webhook(payment)

    refund = again(refund)
    assert (refund.status, refund.succeeded_at) == (states.FAILED, None)
    assert refund.failure == {
        "code": "expired_or_canceled_card", "message": "The bank could not send the money back.",
    }  # fmt: skip
    assert amounts(payment) == (0, 0, 0)


def test_a_refund_that_the_bank_returns_is_reversed_and_can_be_made_again(
    tenant: Tenant, bank_account: BankAccount
) -> None:
    payment = paid(tenant, FAILS)
    refund = refunded(payment, amount=1000)
    assert (refund.status, amounts(payment)) == (states.SUCCEEDED, (1000, 0, 1000))

    wait_until(bank_is_done(bank_account))
    webhook(payment)
    webhook(payment)

    refund = again(refund)
    assert (refund.status, refund.succeeded_at is None) == (states.FAILED, False)
    assert refund.failure == {
        "code": "expired_or_canceled_card", "message": "The customer's bank returned the money.",
    }  # fmt: skip
    assert amounts(payment) == (0, 0, 0)
    assert postings() == {"provider_clearing": 1000, "merchant_pending": -980, "gateway_fees": -20}
    assert event_types()[-3:] == ["refund.created", "refund.succeeded", "refund.failed"]
    assert compare().differences == []
    assert refunded(payment, amount=1000, simulate="refund_pending:60").status == states.PROCESSING


def test_a_return_whose_webhook_is_lost_is_found_by_looking_now_and_then(
    tenant: Tenant, bank_account: BankAccount
) -> None:
    payment = paid(tenant, FAILS)
    refund = refunded(payment, simulate="refund_fails:0")
    assert refund.succeeded_at is not None
    assert refund.look_again_at == next_look(succeeded_at=refund.succeeded_at, now=refund.succeeded_at)
    assert (look_again(), is_quiet()) == (0, True)  # not due yet; a look to come is no unfinished work

    wait_until(bank_is_done(bank_account))
    Refund.objects.unscoped(WHY).filter(id=refund.id).update(look_again_at=timezone.now())
    assert look_again() == 1
    later = again(refund).look_again_at
    run_due_work()

    assert later is not None
    assert later > timezone.now()
    assert (again(refund).status, again(refund).look_again_at) == (states.FAILED, None)
    assert amounts(payment) == (0, 0, 0)


def test_failed_before_succeeded_was_ever_heard_of_posts_both_movements(
    tenant: Tenant, bank_account: BankAccount
) -> None:
    payment = paid(tenant, FAILS)
    bank_account.set_fault("drop_response", operations=("refund",))
    refund = refunded(payment)
    assert refund.status == states.PROCESSING
    assert refund.unknown_since is not None

    wait_until(bank_is_done(bank_account))
    webhook(payment)
    run_due_work(forward=True)  # the answer that was lost, asked for again, says `succeeded`: older news

    refund = again(refund)
    assert (refund.status, refund.succeeded_at is None) == (states.FAILED, False)
    assert amounts(payment) == (0, 0, 0)
    assert event_types()[-3:] == ["refund.created", "refund.succeeded", "refund.failed"]
    bank_lines = [line["kind"] for line in bank_account.journal(reference=refund.public_id)]
    assert bank_lines == ["refund", "refund_returned"]
    assert compare().differences == []


@pytest.mark.parametrize("outcome", ["refund_pending", "refund_fails", "refund_rejected"])
def test_a_refund_made_at_the_bank_is_followed_to_its_end(
    tenant: Tenant, bank_service: BankService, bank_account: BankAccount, outcome: str
) -> None:
    payment = paid(tenant, "pm_card_visa")
    body = {
        "amount": 300,
        "reference": "made-at-the-bank",
        "reason": "duplicate",
        "metadata": {"simulate": f"{outcome}:60"},
    }
    path = f"/v1/payments/{payment.provider_reference}/refunds"
    assert bank_account.request("POST", path, body, key=f"elsewhere-{payment.public_id}").status_code == 201
    webhook(payment)
    refund = Refund.objects.unscoped(WHY).get(payment_id=payment.id)
    before = (refund.external, refund.reason, refund.status)

    bank_service.sql(f"UPDATE bank_refund SET due_at = now() WHERE id = '{refund.provider_reference}'")
    wait_until(bank_is_done(bank_account))
    webhook(payment)

    first, last = {
        "refund_pending": (states.PROCESSING, states.SUCCEEDED),
        "refund_fails": (states.SUCCEEDED, states.FAILED),
        "refund_rejected": (states.PROCESSING, states.FAILED),
    }[outcome]
    assert before == (True, "duplicate", first)
    assert again(refund).status == last
    assert amounts(payment)[:2] == ((300, 0) if last == states.SUCCEEDED else (0, 0))
    assert is_quiet()
    assert compare().differences == []


def test_a_returned_refund_takes_the_returned_fee_again(tenant: Tenant, bank_account: BankAccount) -> None:
    Merchant.objects.filter(id=tenant.merchant_id).update(fee_on_refund="return")
    payment = paid(tenant, FAILS)
    refund = refunded(payment, amount=1000)
    assert (refund.fee_returned, postings()) == (20, {})

    wait_until(bank_is_done(bank_account))
    webhook(payment)

    assert again(refund).fee_returned == 0
    assert postings() == {"provider_clearing": 1000, "merchant_pending": -980, "gateway_fees": -20}
    assert compare().differences == []
