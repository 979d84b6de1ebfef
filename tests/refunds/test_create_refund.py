import threading

import pytest
from django.db import connection
from django.utils import timezone

from gateway.core.errors import Invalid, NotFound
from gateway.core.tenancy import Tenant
from gateway.events.models import Event
from gateway.events.selectors.events import event_object
from gateway.work.models import Work
from payments.errors import AmountTooLarge
from payments.models import Payment
from payments.services.capture_payment import capture_payment
from payments.services.create_customer import create_customer
from payments.services.erase_customer import erase_customer
from refunds import states
from refunds.errors import NothingCaptured, PaymentDisputed
from refunds.invariants import no_orphans, rows_match_ledger
from refunds.models import Refund
from refunds.services.create_refund import create_refund
from tests.payments.factories import (
    event_types,
    make_order,
    make_tenant,
    operations,
    order_of,
    pay,
    postings,
    reload,
    start_payment,
)
from tests.support.database import TestDatabase
from tests.support.fake_provider import FakeProvider
from tests.support.work import run_due_work

WHY = "a test looks at its own rows"


def refund_of(tenant: Tenant, payment: Payment, amount: int | None = None, **fields: object) -> Refund:
    return create_refund(tenant=tenant, payment_id=payment.id, amount=amount, now=timezone.now(), **fields)  # type: ignore[arg-type]


def test_a_full_refund_is_reserved_at_once_and_sent_by_the_worker(tenant: Tenant, provider: FakeProvider) -> None:
    payment = pay(tenant, make_order(tenant, 1000))

    refund = refund_of(tenant, payment, reason="requested_by_customer")

    assert (refund.status, refund.amount, refund.currency) == (states.PENDING, 1000, "EUR")
    assert (reload(payment).amount_refund_pending, reload(payment).amount_refunded) == (1000, 0)
    # 980 of the capture are pending (2 % fee); the merchant owes the other 20.
    assert refund.legs == [
        {"capture": operations(payment)[0].public_id, "account": "merchant_pending", "amount": 980},
        {"capture": operations(payment)[0].public_id, "account": "merchant_receivable", "amount": 20},
    ]
    assert postings() == {
        "provider_clearing": 1000, "gateway_fees": -20, "merchant_receivable": 20, "refunds_in_transit": -1000,
    }  # fmt: skip

    run_due_work()

    refund.refresh_from_db()
    assert (refund.status, refund.sends) == (states.SUCCEEDED, 1)
    assert refund.provider_reference == f"fref_{refund.public_id}"
    assert (reload(payment).amount_refund_pending, reload(payment).amount_refunded) == (0, 1000)
    assert order_of(payment).amount_refunded == 1000
    assert order_of(payment).amount_paid == 1000
    assert postings() == {"gateway_fees": -20, "merchant_receivable": 20}
    assert event_types()[-2:] == ["refund.created", "refund.succeeded"]
    assert Work.objects.filter(kind__startswith="refunds").count() == 0
    assert list(rows_match_ledger.violations()) == list(no_orphans.violations()) == []


def test_partial_refunds_add_up_and_the_last_may_take_only_what_is_left(tenant: Tenant) -> None:
    payment = pay(tenant, make_order(tenant, 1000))
    refund_of(tenant, payment, 300)
    run_due_work()

    with pytest.raises(AmountTooLarge) as refusal:
        refund_of(tenant, payment, 701)
    assert refusal.value.data["amount_refundable"] == 700
    rest = refund_of(tenant, payment)
    run_due_work()

    assert rest.amount == 700
    assert reload(payment).amount_refunded == 1000
    with pytest.raises(AmountTooLarge):
        refund_of(tenant, payment, 1)
    assert list(rows_match_ledger.violations()) == []


def test_the_newest_capture_is_drawn_first(tenant: Tenant) -> None:
    payment = pay(tenant, make_order(tenant, 1000), capture_method="manual")
    for amount in (600, 400):
        capture_payment(tenant=tenant, payment_id=payment.id, amount=amount, final=False, now=timezone.now())
        run_due_work()
    _, first, second = operations(payment)

    refund = refund_of(tenant, payment, 500)

    assert refund.legs == [
        {"capture": second.public_id, "account": "merchant_pending", "amount": 392},
        {"capture": second.public_id, "account": "merchant_receivable", "amount": 8},
        {"capture": first.public_id, "account": "merchant_pending", "amount": 100},
    ]


def test_nothing_captured_disputed_and_unknown_payments_are_refused_and_nothing_changes(tenant: Tenant) -> None:
    waiting = start_payment(tenant, make_order(tenant))
    with pytest.raises(NothingCaptured):
        refund_of(tenant, waiting)
    run_due_work()
    Payment.objects.unscoped(WHY).filter(id=waiting.id).update(amount_disputed=1000)
    with pytest.raises(PaymentDisputed):
        refund_of(tenant, waiting)
    with pytest.raises(NotFound):
        refund_of(make_tenant(), waiting)
    with pytest.raises(NotFound):
        refund_of(Tenant(tenant.merchant_id, livemode=True), waiting)
    with pytest.raises(Invalid):
        refund_of(tenant, waiting, reason="because")

    assert not Refund.objects.unscoped(WHY).exists()
    assert reload(waiting).amount_refund_pending == 0


def test_ten_refunds_of_60_percent_at_once_exactly_one_is_accepted(
    committed_db: TestDatabase, provider: FakeProvider
) -> None:
    tenant = make_tenant()
    payment = pay(tenant, make_order(tenant, 1000))
    start = threading.Barrier(10)
    accepted: list[Refund] = []
    refused: list[Exception] = []

    def ask() -> None:
        start.wait()
        try:
            accepted.append(refund_of(tenant, payment, 600))
        except Exception as refusal:
            refused.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run_due_work()

    assert len(accepted) == 1
    assert [type(refusal) for refusal in refused] == [AmountTooLarge] * 9
    assert (reload(payment).amount_refunded, reload(payment).amount_refund_pending) == (600, 0)
    assert [verb for verb, _ in provider.sent].count("refund") == 1


def test_refunds_of_an_orders_earlier_payments_go_with_its_customer(tenant: Tenant) -> None:
    """A guest pays a part; who pays the rest has a name."""
    order = make_order(tenant, 1000)
    guest = pay(tenant, order, amount=400)
    refund = refund_of(tenant, guest, 100, metadata={"name": "Ada Lovelace", "ticket": "12"})
    customer = create_customer(tenant=tenant, name="", now=timezone.now())
    pay(tenant, order, amount=600, customer_id=customer.id)
    erase_customer(tenant=tenant, customer_id=customer.id, now=timezone.now())
    run_due_work()
    refund.refresh_from_db()
    assert refund.metadata == {"ticket": "12"}


def test_what_a_refund_or_its_order_says_of_a_customer_is_sealed_and_goes_with_them(tenant: Tenant) -> None:
    customer = create_customer(tenant=tenant, name="", now=timezone.now())
    order = make_order(tenant, 1000, metadata={"email": "ada@example.test"})
    payment = pay(tenant, order, customer_id=customer.id, metadata={"phone": "+44 20 7946 0000", "basket": "7"})
    refund = refund_of(tenant, payment, 400, metadata={"name": "Ada Lovelace", "ticket": "12"})
    told = {event.type: event for event in Event.objects.for_merchant(tenant)}
    assert event_object(told["refund.created"])["data"]["object"]["metadata"] == {
        "name": "Ada Lovelace", "ticket": "12",
    }  # fmt: skip
    assert not any("Ada" in event.body or "ada@" in event.body for event in told.values())

    erase_customer(tenant=tenant, customer_id=customer.id, now=timezone.now())

    assert event_object(told["refund.created"])["erased"] is True
    assert event_object(told["order.created"])["erased"] is True
    assert reload(payment).metadata == {"basket": "7"}
    run_due_work()
    refund.refresh_from_db()
    assert refund.metadata == {"ticket": "12"}
