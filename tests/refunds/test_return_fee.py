"""Our fee on refunds: kept, or returned in proportion, to the last unit."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.tenancy import Tenant
from merchants.models import Merchant
from payments.models import Payment
from payments.providers.base import Outcome
from payments.services.capture_payment import capture_payment
from refunds.invariants import rows_match_ledger
from refunds.models import Refund
from refunds.rules.fees import FeeShare, fee_returns
from refunds.rules.legs import CaptureShare, draw
from refunds.services.create_refund import create_refund
from refunds.services.settle_refund import settle_refund
from tests.payments.factories import make_order, pay, postings
from tests.support.fake_provider import FakeProvider
from tests.support.work import run_due_work

WHY = "a test looks at its own rows"


@pytest.fixture(autouse=True)
def books_hold(tenant: Tenant) -> Iterator[None]:
    yield
    assert list(rows_match_ledger.violations()) == []


def set_policy(tenant: Tenant, policy: str, *, fixed: int = 30) -> None:
    Merchant.objects.filter(id=tenant.merchant_id).update(fee_on_refund=policy, fee_fixed=fixed)


def refunded(payment: Payment, amount: int) -> Refund:
    refund = create_refund(tenant=payment.tenant, payment_id=payment.id, amount=amount, now=timezone.now())
    run_due_work()
    refund.refresh_from_db()
    return refund


def test_the_fee_is_kept_unless_the_merchant_has_another_policy(tenant: Tenant) -> None:
    payment = pay(tenant, make_order(tenant, 1000))

    refund = refunded(payment, 1000)

    assert (refund.returns_fee, refund.fee_returned) == (False, 0)
    assert postings() == {"gateway_fees": -20, "merchant_receivable": 20}


def test_a_full_refund_returns_the_whole_fee_and_leaves_no_balance(tenant: Tenant) -> None:
    set_policy(tenant, "return")
    payment = pay(tenant, make_order(tenant, 1000))
    assert postings()["gateway_fees"] == -50

    refund = refunded(payment, 1000)

    assert refund.fee_returned == 50
    assert postings() == {}


def test_refunds_in_parts_return_the_fee_to_the_last_cent(tenant: Tenant) -> None:
    set_policy(tenant, "return")
    payment = pay(tenant, make_order(tenant, 1000))

    parts = [refunded(payment, amount).fee_returned for amount in (333, 333, 333, 1)]

    assert (parts, sum(parts)) == ([16, 17, 16, 1], 50)
    assert postings() == {}


def test_each_capture_returns_its_own_fee(tenant: Tenant) -> None:
    set_policy(tenant, "return")
    payment = pay(tenant, make_order(tenant, 1000), capture_method="manual")
    for amount, final in ((600, False), (400, True)):
        capture_payment(tenant=tenant, payment_id=payment.id, amount=amount, final=final, now=timezone.now())
        run_due_work()

    newest = refunded(payment, 400)
    oldest = refunded(payment, 600)

    assert (newest.fee_returned, oldest.fee_returned) == (8 + 30, 12 + 30)
    assert postings() == {}


def test_a_refund_that_fails_after_success_takes_its_part_of_the_fee_again(
    tenant: Tenant, provider: FakeProvider
) -> None:
    set_policy(tenant, "return")
    payment = pay(tenant, make_order(tenant, 1000))
    first, second = refunded(payment, 500), refunded(payment, 500)
    failed = replace(provider.only.refunds[0], outcome=Outcome.FAILED, was_sent=True)

    settle_refund(refund_id=first.id, fact=failed, now=timezone.now())
    settle_refund(refund_id=first.id, fact=failed, now=timezone.now())

    first.refresh_from_db()
    assert (first.fee_returned, second.fee_returned) == (0, 25)
    assert postings()["gateway_fees"] == -25
    assert refunded(payment, 500).fee_returned == 25
    assert postings() == {}


def test_the_policy_at_the_opening_of_a_refund_holds_for_it(tenant: Tenant) -> None:
    payment = pay(tenant, make_order(tenant, 1000))
    kept = create_refund(tenant=tenant, payment_id=payment.id, amount=500, now=timezone.now())
    set_policy(tenant, "return")
    run_due_work()
    kept.refresh_from_db()

    assert (kept.fee_returned, refunded(payment, 500).fee_returned) == (0, 10)


@given(data=st.data(), captured=st.integers(1, 10_000), available=st.integers(0, 5_000))
def test_whatever_the_parts_the_fee_comes_back_whole_and_never_early(
    data: st.DataObject, captured: int, available: int
) -> None:
    fee = data.draw(st.integers(0, captured))
    refunded, returned = 0, 0
    while refunded < captured:
        amount = data.draw(st.integers(max(1, (captured - refunded) // 5), captured - refunded))
        legs = draw(amount, [CaptureShare("a", captured, fee, refunded, refunded)], available=available)
        returns = fee_returns(legs, [FeeShare("a", captured, fee, refunded, returned)])
        refunded, returned = refunded + amount, returned + sum(leg.amount for leg in returns)
        assert returned == fee * refunded // captured
    assert returned == fee
