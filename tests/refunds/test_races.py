"""The provider's webhook, or a second thought, while our request is still at the bank: one outcome, one posting."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.utils import timezone

from gateway.core.tenancy import Tenant
from gateway.ledger.models import Transaction
from gateway.work.services.claim import claim_next
from gateway.work.services.run import run
from payments.models import Payment
from payments.selectors.payments import get_payment
from payments.services.capture_payment import capture_payment
from payments.services.request_sync import request_sync
from reconciliation.services.oracle import compare
from refunds import states
from refunds.errors import RefundAlreadySent
from refunds.models import Refund
from refunds.services.cancel_refund import cancel_refund
from refunds.services.create_refund import create_refund
from tests.payments.factories import event_types
from tests.payments.test_concurrency import at_once
from tests.support.bank import BankAccount
from tests.support.database import TestDatabase
from tests.support.witnessed import merchant_at_bank, order_at_bank, pay_at_bank
from tests.support.work import run_due_work

WHY = "a test looks at its own rows"


@pytest.fixture
def tenant(committed_db: TestDatabase, bank_account: BankAccount) -> Iterator[Tenant]:
    yield merchant_at_bank(bank_account)[0]
    run_due_work()
    assert compare().differences == []


def paid(tenant: Tenant, capture_method: str = "automatic") -> Payment:
    payment = pay_at_bank(tenant, order_at_bank(tenant, 1000), capture_method=capture_method)
    run_due_work()
    return get_payment(tenant, payment.id)


def start_refund(payment: Payment) -> Refund:
    return create_refund(tenant=payment.tenant, payment_id=payment.id, amount=400, now=timezone.now())


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


@contextmanager
def worker() -> Iterator[threading.Thread]:
    """Somebody else's hands, who carry out what is due; at the end they are done."""

    def body() -> None:
        try:
            run_due_work()
        finally:
            connection.close()

    thread = threading.Thread(target=body)
    thread.start()
    yield thread
    thread.join(60)
    assert not thread.is_alive()


def webhook(payment: Payment) -> None:
    """A second worker takes in the bank's news."""
    request_sync(payment_id=payment.id, tenant=payment.tenant)
    claim = claim_next("payments")
    assert claim is not None
    assert claim.kind == "payments.sync_payment"
    run(claim)


def posted(event: str) -> int:
    return Transaction.objects.filter(event=event).count()


def test_a_webhook_that_overtakes_the_answer_to_a_refund_settles_it_once(
    tenant: Tenant, bank_account: BankAccount
) -> None:
    payment = paid(tenant)
    refund = start_refund(payment)
    bank_account.set_fault("delay_after_commit:6", operations=("refund",))

    with worker() as sender:
        wait_until(lambda: bool(bank_account.journal(kind="refund")))
        webhook(payment)
        was_waiting = sender.is_alive()
        settled = Refund.objects.unscoped(WHY).get(id=refund.id).status

    assert (was_waiting, settled) == (True, states.SUCCEEDED)
    assert (posted("opened"), posted("succeeded")) == (1, 1)
    assert event_types().count("refund.succeeded") == 1
    assert get_payment(tenant, payment.id).amount_refunded == 400


def test_a_webhook_that_overtakes_the_answer_to_a_capture_settles_it_once(
    tenant: Tenant, bank_account: BankAccount
) -> None:
    payment = paid(tenant, capture_method="manual")
    capture_payment(tenant=tenant, payment_id=payment.id, now=timezone.now())
    bank_account.set_fault("delay_after_commit:6", operations=("capture",))

    with worker() as sender:
        wait_until(lambda: bool(bank_account.journal(kind="capture")))
        webhook(payment)
        was_waiting = sender.is_alive()
        settled = get_payment(tenant, payment.id)

    assert (was_waiting, settled.status, settled.amount_captured) == (True, "succeeded", 1000)
    assert (posted("captured"), posted("fee")) == (1, 1)
    assert event_types().count("payment.captured") == 1
    assert get_payment(tenant, payment.id).amount_captured == 1000


def test_a_refund_that_is_being_sent_is_not_canceled_any_more(tenant: Tenant, bank_account: BankAccount) -> None:
    payment = paid(tenant)
    refund = start_refund(payment)
    bank_account.set_fault("delay_before_commit:1", operations=("refund",))

    with worker():
        wait_until(lambda: Refund.objects.unscoped(WHY).get(id=refund.id).sends == 1)
        with pytest.raises(RefundAlreadySent):
            cancel_refund(tenant=tenant, refund_id=refund.id, now=timezone.now())

    assert Refund.objects.unscoped(WHY).get(id=refund.id).status == states.SUCCEEDED
    assert (posted("succeeded"), posted("canceled")) == (1, 0)


def test_canceled_and_sent_at_once_a_refund_has_one_outcome(tenant: Tenant, bank_account: BankAccount) -> None:
    for _ in range(3):
        refund = start_refund(paid(tenant))

        def cancel(refund: Refund = refund) -> Refund:
            return cancel_refund(tenant=tenant, refund_id=refund.id, now=timezone.now())

        canceled, _ = at_once(cancel, run_due_work)

        run_due_work()
        status = Refund.objects.unscoped(WHY).get(id=refund.id).status
        sent = len(bank_account.journal(kind="refund", reference=refund.public_id))
        assert (status, sent) in ((states.CANCELED, 0), (states.SUCCEEDED, 1))
        assert (canceled == "refund_already_sent") is (status == states.SUCCEEDED)
