from dataclasses import replace

import pytest
from django.utils import timezone

from gateway.core.tenancy import Tenant
from gateway.ledger.selectors.transactions import entries_of
from payments.invariants import suspense_is_explained
from payments.models import Anomaly, Payment
from payments.providers.base import Outcome, RefundFact
from payments.rules.ledger_accounts import provider_object_source
from payments.services.resolve_anomaly import resolve_anomaly
from payments.services.settle_payment_fact import settle_payment_fact
from refunds import states
from refunds.invariants import rows_match_ledger
from refunds.models import Refund
from refunds.services.create_refund import create_refund
from refunds.services.refund_late_success import refund_late_success
from refunds.services.settle_refund import settle_refund
from tests.payments.factories import event_types, make_order, order_of, pay, postings, reload
from tests.support.fake_provider import FakeProvider
from tests.support.work import run_due_work

WHY = "a test looks at its own rows"


@pytest.fixture
def payment(tenant: Tenant) -> Payment:
    return pay(tenant, make_order(tenant, 1000))


def observe(provider: FakeProvider, payment: Payment) -> None:
    settle_payment_fact(payment_id=payment.id, fact=provider.only.fact(), now=timezone.now())


def moves_in_suspense(payment: Payment, provider_object: str) -> list[tuple[str, int]]:
    """What provider_clearing has of money that suspense explains."""
    source = provider_object_source(payment.provider_account_id, provider_object)
    entries = entries_of(source_type="provider_object", source_id=source).filter(account__type="provider_clearing")
    return sorted(entries.values_list("direction", "amount"))


def test_a_refund_made_at_the_provider_is_recorded_as_external_once(provider: FakeProvider, payment: Payment) -> None:
    provider.only.refunds.append(RefundFact("fref_elsewhere", "", 250, Outcome.SUCCEEDED))

    observe(provider, payment)
    observe(provider, payment)

    refund = Refund.objects.unscoped(WHY).get()
    assert (refund.external, refund.status, refund.amount) == (True, states.SUCCEEDED, 250)
    assert refund.provider_reference == "fref_elsewhere"
    assert reload(payment).amount_refunded == 250
    assert order_of(payment).amount_refunded == 250
    assert event_types()[-2:] == ["refund.created", "refund.succeeded"]
    assert list(rows_match_ledger.violations()) == []


def test_an_external_refund_that_the_bank_returns_is_taken_back(provider: FakeProvider, payment: Payment) -> None:
    provider.only.refunds.append(RefundFact("fref_elsewhere", "", 250, Outcome.SUCCEEDED))
    observe(provider, payment)
    provider.only.refunds[0] = replace(provider.only.refunds[0], outcome=Outcome.FAILED, failure_code="account_closed")

    observe(provider, payment)

    refund = Refund.objects.unscoped(WHY).get()
    assert refund.status == states.FAILED
    assert refund.failure is not None
    assert refund.failure["code"] == "account_closed"
    assert (reload(payment).amount_refunded, order_of(payment).amount_refunded) == (0, 0)
    assert postings() == {"provider_clearing": 1000, "merchant_pending": -980, "gateway_fees": -20}


def test_what_exceeds_the_captured_money_goes_to_suspense_with_an_anomaly(
    provider: FakeProvider, payment: Payment
) -> None:
    create_refund(tenant=payment.tenant, payment_id=payment.id, amount=900, now=timezone.now())
    run_due_work()
    provider.only.refunds.append(RefundFact("fref_elsewhere", "", 250, Outcome.SUCCEEDED))

    observe(provider, payment)
    observe(provider, payment)

    assert Refund.objects.unscoped(WHY).count() == 1
    anomaly = Anomaly.objects.unscoped(WHY).get()
    assert (anomaly.amount, anomaly.currency, anomaly.provider_object) == (-250, "EUR", "fref_elsewhere")
    assert postings()["suspense"] == 250
    assert postings()["provider_clearing"] == 1000 - 900 - 250
    assert reload(payment).amount_refunded == 900


def test_our_own_refund_is_matched_by_our_id_before_its_reference(provider: FakeProvider, payment: Payment) -> None:
    provider.next_faults.append("lost_after")
    refund = create_refund(tenant=payment.tenant, payment_id=payment.id, amount=400, now=timezone.now())
    run_due_work()

    observe(provider, payment)

    refund.refresh_from_db()
    assert Refund.objects.unscoped(WHY).count() == 1
    assert (refund.status, refund.external) == (states.SUCCEEDED, False)


def test_a_refund_that_fails_after_success_reverses_both_postings_and_an_older_word_changes_nothing(
    provider: FakeProvider, payment: Payment
) -> None:
    refund = create_refund(tenant=payment.tenant, payment_id=payment.id, amount=400, now=timezone.now())
    run_due_work()
    succeeded = provider.only.refunds[0]

    settle_refund(refund_id=refund.id, fact=replace(succeeded, outcome=Outcome.FAILED), now=timezone.now())
    settle_refund(refund_id=refund.id, fact=succeeded, now=timezone.now())

    refund.refresh_from_db()
    assert refund.status == states.FAILED
    assert (reload(payment).amount_refunded, reload(payment).amount_refundable) == (0, 1000)
    assert event_types()[-3:] == ["refund.created", "refund.succeeded", "refund.failed"]
    assert not Anomaly.objects.unscoped(WHY).exists()
    assert postings() == {"provider_clearing": 1000, "merchant_pending": -980, "gateway_fees": -20}
    assert list(rows_match_ledger.violations()) == []


def test_success_after_a_definite_no_goes_to_suspense_until_it_comes_back_and_overwrites_nothing(
    provider: FakeProvider, payment: Payment
) -> None:
    provider.next_faults.append("refused")
    refund = create_refund(tenant=payment.tenant, payment_id=payment.id, amount=400, now=timezone.now())
    run_due_work()
    fact = RefundFact("fref_late", refund.public_id, 400, Outcome.SUCCEEDED)

    settle_refund(refund_id=refund.id, fact=fact, now=timezone.now())
    settle_refund(refund_id=refund.id, fact=fact, now=timezone.now())

    refund.refresh_from_db()
    assert refund.status == states.FAILED
    anomaly = Anomaly.objects.unscoped(WHY).get()
    assert (anomaly.kind, anomaly.amount) == ("refund_contradiction", -400)
    books = {"merchant_pending": -980, "gateway_fees": -20}
    assert postings() == {**books, "provider_clearing": 600, "suspense": 400}
    assert list(suspense_is_explained.violations()) == []

    for _ in range(2):
        settle_refund(refund_id=refund.id, fact=replace(fact, outcome=Outcome.FAILED), now=timezone.now())
    anomaly.refresh_from_db()
    assert anomaly.resolved_at is not None
    assert postings() == {**books, "provider_clearing": 1000}
    assert list(suspense_is_explained.violations()) == []


def test_success_after_a_definite_no_that_was_over_before_we_saw_it_leaves_both_movements(
    provider: FakeProvider, payment: Payment
) -> None:
    provider.next_faults.append("refused")
    refund = create_refund(tenant=payment.tenant, payment_id=payment.id, amount=400, now=timezone.now())
    run_due_work()
    succeeded = RefundFact("fref_late", refund.public_id, 400, Outcome.SUCCEEDED)
    returned = replace(succeeded, outcome=Outcome.FAILED, was_sent=True)

    for fact in (returned, returned, succeeded):
        settle_refund(refund_id=refund.id, fact=fact, now=timezone.now())

    assert moves_in_suspense(payment, refund.public_id) == [("credit", 400), ("debit", 400)]
    assert Anomaly.objects.unscoped(WHY).get().resolved_at is not None
    assert postings() == {"provider_clearing": 1000, "merchant_pending": -980, "gateway_fees": -20}
    assert list(suspense_is_explained.violations()) == []


@pytest.mark.parametrize(("moved", "in_suspense"), [(450, 50), (300, -100)])
def test_a_refund_of_another_amount_than_asked_puts_the_difference_into_suspense(
    provider: FakeProvider, payment: Payment, moved: int, in_suspense: int
) -> None:
    provider.next_faults.append("lost_before")
    refund = create_refund(tenant=payment.tenant, payment_id=payment.id, amount=400, now=timezone.now())
    run_due_work()

    settle_refund(
        refund_id=refund.id, fact=RefundFact("fref_1", refund.public_id, moved, Outcome.SUCCEEDED), now=timezone.now()
    )

    assert reload(payment).amount_refunded == 400
    assert (postings()["provider_clearing"], postings()["suspense"]) == (1000 - moved, in_suspense)
    assert Anomaly.objects.unscoped(WHY).get().kind == "refund_amount_differs"
    assert list(suspense_is_explained.violations()) == []
    assert list(rows_match_ledger.violations()) == []


def test_a_late_success_is_refunded_in_full_and_once(provider: FakeProvider, payment: Payment) -> None:
    Payment.objects.unscoped(WHY).filter(id=payment.id).update(late_reason="duplicate", counts_toward_order=False)

    refund = refund_late_success(payment_id=payment.id, now=timezone.now())
    assert refund is not None
    assert refund_late_success(payment_id=payment.id, now=timezone.now()) is None
    run_due_work()

    refund.refresh_from_db()
    assert (refund.status, refund.amount, refund.reason) == (states.SUCCEEDED, 1000, "duplicate")
    assert order_of(payment).amount_refunded == 0


def unwanted(payment: Payment) -> None:
    Payment.objects.unscoped(WHY).filter(id=payment.id).update(
        late_success=True, late_reason="duplicate", counts_toward_order=False
    )


def test_a_late_success_that_cannot_be_refunded_is_given_to_a_person_once(
    provider: FakeProvider, payment: Payment
) -> None:
    unwanted(payment)
    refund = refund_late_success(payment_id=payment.id, now=timezone.now())
    assert refund is not None
    run_due_work()
    assert not Anomaly.objects.unscoped(WHY).exists()

    failed = replace(provider.only.refunds[0], outcome=Outcome.FAILED, was_sent=True)
    for _ in range(2):
        settle_refund(refund_id=refund.id, fact=failed, now=timezone.now())

    anomaly = Anomaly.objects.unscoped(WHY).get()
    assert (anomaly.kind, anomaly.subject_id, anomaly.amount) == ("late_success_not_returned", payment.id, 0)
    assert anomaly.detail == (
        f"{refund.public_id} failed, and 1000 of {payment.public_id}, a late success that its order did not need "
        "(duplicate), has not gone back to the customer."
    )
    assert event_types()[-2:] == ["refund.failed", "anomaly.opened"]


def test_a_part_that_was_on_its_way_when_the_rest_went_back_and_that_fails_is_given_to_a_person_too(
    provider: FakeProvider, payment: Payment
) -> None:
    provider.next_faults.append("refused")
    create_refund(tenant=payment.tenant, payment_id=payment.id, amount=300, now=timezone.now())
    unwanted(payment)
    rest = refund_late_success(payment_id=payment.id, now=timezone.now())

    run_due_work()

    assert rest is not None and rest.amount == 700
    assert (reload(payment).amount_refunded, reload(payment).amount_refundable) == (700, 300)
    anomaly = Anomaly.objects.unscoped(WHY).get()
    assert (anomaly.kind, anomaly.subject_id) == ("late_success_not_returned", payment.id)


def test_a_refund_that_fails_of_money_that_the_order_keeps_is_no_anomaly(
    provider: FakeProvider, payment: Payment
) -> None:
    provider.next_faults.append("refused")
    create_refund(tenant=payment.tenant, payment_id=payment.id, amount=300, now=timezone.now())

    run_due_work()

    assert event_types()[-1] == "refund.failed"
    assert not Anomaly.objects.unscoped(WHY).exists()


def beyond(provider: FakeProvider, payment: Payment) -> None:
    """900 of 1000 are refunded here, and then 250 at the provider."""
    create_refund(tenant=payment.tenant, payment_id=payment.id, amount=900, now=timezone.now())
    run_due_work()
    provider.only.refunds.append(RefundFact("fref_elsewhere", "", 250, Outcome.SUCCEEDED))
    observe(provider, payment)


def returned_by_the_bank(provider: FakeProvider) -> None:
    provider.only.refunds[1] = replace(provider.only.refunds[1], outcome=Outcome.FAILED, was_sent=True)


def test_suspense_is_reversed_and_its_anomaly_resolved_when_the_refund_beyond_fails(
    provider: FakeProvider, payment: Payment
) -> None:
    beyond(provider, payment)
    older = provider.only.fact()
    returned_by_the_bank(provider)

    observe(provider, payment)
    observe(provider, payment)
    settle_payment_fact(payment_id=payment.id, fact=older, now=timezone.now())

    anomaly = Anomaly.objects.unscoped(WHY).get()
    assert anomaly.resolved_at is not None
    assert anomaly.resolution == "The refund of 250 failed at the provider, and the money came back."
    assert "suspense" not in postings()
    assert postings()["provider_clearing"] == 1000 - 900
    assert list(suspense_is_explained.violations()) == []


def test_money_that_comes_back_after_a_person_settled_it_is_in_suspense_again(
    provider: FakeProvider, payment: Payment
) -> None:
    beyond(provider, payment)
    resolve_anomaly(
        tenant=payment.tenant, anomaly_id=Anomaly.objects.unscoped(WHY).get().id, note="The merchant owes it.",
        posting="charge_merchant", now=timezone.now(),
    )  # fmt: skip
    returned_by_the_bank(provider)

    observe(provider, payment)
    observe(provider, payment)

    open_one = Anomaly.objects.unscoped(WHY).get(resolved_at=None)
    assert (open_one.kind, open_one.amount) == ("external_refund_beyond_captured_returned", 250)
    assert postings()["suspense"] == -250
    assert list(suspense_is_explained.violations()) == []


def test_money_in_suspense_stays_there_when_room_appears_later(provider: FakeProvider, payment: Payment) -> None:
    beyond(provider, payment)
    provider.only.refunds[0] = replace(provider.only.refunds[0], outcome=Outcome.FAILED, was_sent=True)

    observe(provider, payment)

    assert Refund.objects.unscoped(WHY).filter(external=True).count() == 0
    assert (postings()["suspense"], reload(payment).amount_refunded) == (250, 0)
    assert list(suspense_is_explained.violations()) == []


def test_a_refund_beyond_that_was_over_before_we_saw_it_leaves_both_movements(
    provider: FakeProvider, payment: Payment
) -> None:
    create_refund(tenant=payment.tenant, payment_id=payment.id, amount=900, now=timezone.now())
    run_due_work()
    provider.only.refunds.append(RefundFact("fref_elsewhere", "", 250, Outcome.SUCCEEDED))
    older = provider.only.fact()
    returned_by_the_bank(provider)

    observe(provider, payment)
    observe(provider, payment)
    settle_payment_fact(payment_id=payment.id, fact=older, now=timezone.now())

    anomaly = Anomaly.objects.unscoped(WHY).get()
    assert (anomaly.amount, anomaly.resolved_at is not None) == (-250, True)
    assert moves_in_suspense(payment, "fref_elsewhere") == [("credit", 250), ("debit", 250)]
    assert ("suspense" in postings(), postings()["provider_clearing"]) == (False, 1000 - 900)
    assert list(suspense_is_explained.violations()) == []


def test_a_refund_beyond_that_has_not_moved_is_recorded_once_there_is_room(
    provider: FakeProvider, payment: Payment
) -> None:
    ours = create_refund(tenant=payment.tenant, payment_id=payment.id, amount=900, now=timezone.now())
    run_due_work()
    pending = RefundFact("fref_elsewhere", "", 250, Outcome.PENDING)
    provider.only.refunds.append(pending)
    observe(provider, payment)
    assert list(Refund.objects.unscoped(WHY)) == [ours]

    provider.only.refunds[0] = replace(provider.only.refunds[0], outcome=Outcome.FAILED, was_sent=True)
    observe(provider, payment)  # what came back makes room for what is shown after it
    older = provider.only.fact()
    provider.only.refunds[1] = replace(pending, outcome=Outcome.SUCCEEDED)
    for _ in range(2):
        observe(provider, payment)
        settle_payment_fact(payment_id=payment.id, fact=older, now=timezone.now())

    seen = Refund.objects.unscoped(WHY).get(external=True)
    assert (seen.status, seen.amount, reload(payment).amount_refunded) == (states.SUCCEEDED, 250, 250)
    assert ("suspense" in postings(), postings()["provider_clearing"]) == (False, 1000 - 250)
    assert not Anomaly.objects.unscoped(WHY).exists()


def test_an_external_refund_that_was_over_before_we_saw_it_leaves_both_movements(
    provider: FakeProvider, payment: Payment
) -> None:
    refund = RefundFact("fref_elsewhere", "", 250, Outcome.FAILED, "account_closed", was_sent=True, reason="chargeback")
    provider.only.refunds += [refund, RefundFact("fref_never", "", 100, Outcome.FAILED)]

    observe(provider, payment)
    observe(provider, payment)

    seen = Refund.objects.unscoped(WHY).get()
    assert (seen.status, seen.external, seen.reason) == (states.FAILED, True, "other")
    assert event_types()[-3:] == ["refund.created", "refund.succeeded", "refund.failed"]
    assert postings() == {"provider_clearing": 1000, "merchant_pending": -980, "gateway_fees": -20}


def test_a_difference_in_suspense_goes_with_the_refund_that_fails(provider: FakeProvider, payment: Payment) -> None:
    provider.next_faults.append("lost_before")
    refund = create_refund(tenant=payment.tenant, payment_id=payment.id, amount=400, now=timezone.now())
    run_due_work()
    fact = RefundFact("fref_1", refund.public_id, 450, Outcome.SUCCEEDED)
    settle_refund(refund_id=refund.id, fact=fact, now=timezone.now())

    settle_refund(refund_id=refund.id, fact=replace(fact, outcome=Outcome.FAILED, was_sent=True), now=timezone.now())

    assert postings() == {"provider_clearing": 1000, "merchant_pending": -980, "gateway_fees": -20}
    assert Anomaly.objects.unscoped(WHY).get().resolved_at is not None
