import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from gateway.core.ids import id_time, lowest_id_at, new_id
from gateway.core.tenancy import Tenant
from gateway.work.models import Work
from payments.models import Anomaly, Payment
from payments.providers.base import Capabilities
from payments.services.settle_payment_fact import settle_payment_fact
from refunds import states
from refunds.errors import RefundAlreadySent
from refunds.invariants import rows_match_ledger
from refunds.models import Refund
from refunds.services.cancel_refund import cancel_refund
from refunds.services.create_refund import create_refund
from tests.payments.factories import event_types, make_order, order_of, pay, postings, reload
from tests.support.fake_provider import FakeProvider
from tests.support.work import run_due_work

WHY = "a test looks at its own rows"


@pytest.fixture
def payment(tenant: Tenant) -> Payment:
    return pay(tenant, make_order(tenant, 1000))


def start_refund(payment: Payment, amount: int = 400) -> Refund:
    return create_refund(tenant=payment.tenant, payment_id=payment.id, amount=amount, now=timezone.now())


def age(refund: Refund, minutes: int) -> Refund:
    """The same refund, made that many minutes ago: its id carries the time."""
    older = uuid.UUID(int=lowest_id_at(id_time(refund.id) - timedelta(minutes=minutes)).int | (new_id().int & 0xFFFF))
    Refund.objects.unscoped(WHY).filter(id=refund.id).update(id=older)
    Work.objects.filter(subject_id=refund.id).update(subject_id=older)
    return Refund.objects.unscoped(WHY).get(id=older)


def sent_verbs(provider: FakeProvider) -> list[str]:
    return [verb for verb, _ in provider.sent if verb != "authorize"]


@pytest.mark.parametrize("fault", ["lost_before", "lost_after"])
def test_an_unknown_outcome_stays_open_and_the_same_key_is_sent_again(
    provider: FakeProvider, payment: Payment, fault: str
) -> None:
    provider.next_faults.append(fault)
    refund = start_refund(payment)

    run_due_work()
    refund.refresh_from_db()
    assert (refund.status, refund.unknown_since is None) == (states.PROCESSING, False)
    assert reload(payment).amount_refund_pending == 400

    run_due_work(forward=True)
    refund.refresh_from_db()
    assert (refund.status, refund.unknown_since is None, refund.sends) == (states.SUCCEEDED, True, 2)
    assert {key for verb, key in provider.sent if verb == "refund"} == {refund.public_id}
    assert len(provider.only.refunds) == 1
    assert reload(payment).amount_refunded == 400


def test_after_fifteen_minutes_an_unknown_refund_is_voided_if_absent_and_fails(
    provider: FakeProvider, payment: Payment
) -> None:
    provider.next_faults.append("lost_before")
    refund = start_refund(payment)
    run_due_work()
    refund.refresh_from_db()
    # The key at the provider is the id that was sent.
    refund = age(refund, 16)

    run_due_work(forward=True)

    refund.refresh_from_db()
    assert sent_verbs(provider) == ["refund", "void_if_absent"]
    assert (refund.status, refund.failure) == (
        states.FAILED,
        {
            "code": "not_sent_in_time",
            "message": "This refund could not be sent to the bank in time. Nothing was sent back; it can be made again.",
        },
    )
    assert provider.only.refunds == []
    assert (reload(payment).amount_refund_pending, reload(payment).amount_refunded) == (0, 0)
    assert event_types()[-2:] == ["refund.created", "refund.failed"]
    assert postings() == {"provider_clearing": 1000, "merchant_pending": -980, "gateway_fees": -20}


def test_a_refund_that_was_never_sent_is_sent_however_old_it_is(provider: FakeProvider, payment: Payment) -> None:
    refund = age(start_refund(payment), 60)

    run_due_work()

    refund.refresh_from_db()
    assert refund.status == states.SUCCEEDED
    assert sent_verbs(provider) == ["refund"]


def test_without_a_safe_question_a_person_decides(
    provider: FakeProvider, payment: Payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    capabilities = Capabilities(
        void_if_absent=False, key_retention=timedelta(hours=24), method_types=frozenset({"card"})
    )
    monkeypatch.setattr(provider, "capabilities", capabilities, raising=False)
    provider.next_faults.append("lost_before")
    refund = start_refund(payment)
    run_due_work()
    refund = age(refund, 16)

    run_due_work(forward=True)

    refund.refresh_from_db()
    assert refund.status == states.PROCESSING
    assert Anomaly.objects.unscoped(WHY).get().kind == "refund_outcome_unknown"
    assert sent_verbs(provider) == ["refund"]


def test_an_unreachable_provider_is_asked_again_as_if_for_the_first_time(
    provider: FakeProvider, payment: Payment
) -> None:
    provider.next_faults.extend(["not_sent", "rate_limited"])
    refund = start_refund(payment)

    run_due_work()
    refund.refresh_from_db()
    assert (refund.status, refund.sends, refund.unknown_since) == (states.PROCESSING, 0, None)

    run_due_work(forward=True)
    refund.refresh_from_db()
    assert (refund.status, refund.sends) == (states.SUCCEEDED, 1)
    assert Work.objects.filter(kind="refunds.carry_out_refund").count() == 0


def test_a_definite_no_on_a_re_send_says_nothing_about_the_first_send(provider: FakeProvider, payment: Payment) -> None:
    provider.next_faults.extend(["lost_before", "refused"])
    refund = start_refund(payment)
    run_due_work()
    Work.objects.update(run_at=timezone.now())
    run_due_work()

    refund.refresh_from_db()
    assert refund.status == states.PROCESSING
    assert refund.unknown_since is not None


def test_a_definite_no_fails_the_refund_and_frees_its_amount(provider: FakeProvider, payment: Payment) -> None:
    provider.next_faults.append("refused")
    refund = start_refund(payment)

    run_due_work()

    refund.refresh_from_db()
    assert (refund.status, refund.failure) == (
        states.FAILED, {"code": "not_supported", "message": "this provider does not do that"},
    )  # fmt: skip
    assert reload(payment).amount_refundable == 1000
    assert list(rows_match_ledger.violations()) == []


def test_a_pending_refund_can_be_canceled_and_its_amount_is_free_again(
    provider: FakeProvider, payment: Payment
) -> None:
    refund = start_refund(payment)

    canceled = cancel_refund(tenant=payment.tenant, refund_id=refund.id, now=timezone.now())
    run_due_work()

    assert canceled.status == states.CANCELED
    assert sent_verbs(provider) == []
    assert reload(payment).amount_refundable == 1000
    assert event_types()[-1] == "refund.canceled"
    assert postings() == {"provider_clearing": 1000, "merchant_pending": -980, "gateway_fees": -20}


def test_a_refund_that_was_sent_can_no_longer_be_canceled(provider: FakeProvider, payment: Payment) -> None:
    provider.next_faults.append("lost_before")
    refund = start_refund(payment)
    run_due_work()

    with pytest.raises(RefundAlreadySent):
        cancel_refund(tenant=payment.tenant, refund_id=refund.id, now=timezone.now())

    refund.refresh_from_db()
    assert refund.status == states.PROCESSING


def test_a_word_that_overtakes_the_answer_settles_once(provider: FakeProvider, payment: Payment) -> None:
    provider.next_faults.append("lost_after")
    refund = start_refund(payment)
    run_due_work()

    for _ in range(2):
        settle_payment_fact(payment_id=payment.id, fact=provider.only.fact(), now=timezone.now())
    run_due_work(forward=True)

    refund.refresh_from_db()
    assert (refund.status, refund.sends) == (states.SUCCEEDED, 1)
    assert event_types().count("refund.succeeded") == 1
    assert order_of(payment).amount_refunded == 400
    assert list(rows_match_ledger.violations()) == []
