"""The provider has forgotten a refund's key: staff look into its records, and their word settles the refund."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from gateway.audit.models import AuditEntry
from gateway.core import context
from gateway.core.errors import Forbidden, Invalid
from gateway.core.ids import id_time, lowest_id_at, new_id
from gateway.core.tenancy import Tenant
from gateway.work.models import Work
from payments.errors import InvalidState
from payments.models import Anomaly, Payment
from payments.providers.base import Capabilities
from payments.rules.told_outcomes import told_outcome
from payments.services.resolve_anomaly import resolve_anomaly
from reconciliation.services.sweep import sweep
from refunds import states
from refunds.models import Refund
from refunds.services.create_refund import create_refund
from refunds.services.tell_refund_outcome import tell_refund_outcome
from tests.payments.factories import make_order, pay, postings, reload
from tests.support.fake_provider import FakeProvider
from tests.support.work import run_due_work

WHY = "a test looks at its own rows"
STAFF = context.Actor("staff", "usr_1")


@pytest.fixture
def refund(tenant: Tenant, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch) -> Refund:
    """400 of 1000, sent 16 minutes ago to a provider that knows no tombstones, and never answered."""
    capabilities = Capabilities(
        void_if_absent=False, key_retention=timedelta(hours=24), method_types=frozenset({"card"})
    )
    monkeypatch.setattr(provider, "capabilities", capabilities, raising=False)
    payment = pay(tenant, make_order(tenant, 1000))
    provider.next_faults.append("lost_before")
    made = create_refund(tenant=tenant, payment_id=payment.id, amount=400, now=timezone.now())
    run_due_work()
    rows = Refund.objects.unscoped(WHY)
    older = uuid.UUID(int=lowest_id_at(id_time(made.id) - timedelta(minutes=16)).int | (new_id().int & 0xFFFF))
    rows.filter(id=made.id).update(id=older)
    Work.objects.filter(subject_id=made.id).update(subject_id=older)
    run_due_work(forward=True)
    return rows.get(id=older)


def payment_of(refund: Refund) -> Payment:
    return reload(Payment.objects.unscoped(WHY).get(id=refund.payment_id))


def tell(refund: Refund, *, was_done: bool, reference: str = "", actor: context.Actor = STAFF) -> Refund:
    told = told_outcome(was_done=was_done, reference=reference, note="Their statement of today.")
    with context.bound(actor=actor):
        return tell_refund_outcome(refund_id=refund.id, told=told, now=timezone.now())


def test_a_person_is_asked_once_and_nobody_else_any_more(
    tenant: Tenant, provider: FakeProvider, refund: Refund
) -> None:
    anomaly = Anomaly.objects.for_merchant(tenant).get()
    assert (anomaly.kind, anomaly.subject_id) == (states.OUTCOME_UNKNOWN, refund.id)

    resolve_anomaly(tenant=tenant, anomaly_id=anomaly.id, note="Looking.", now=timezone.now())
    assert sweep() == 0
    run_due_work(forward=True)

    assert Anomaly.objects.for_merchant(tenant).count() == 1
    assert [verb for verb, _ in provider.sent].count("refund") == 1
    assert tell(refund, was_done=False).status == states.FAILED  # what was resolved without an outcome still has none


def test_what_was_done_is_settled_under_the_providers_reference(tenant: Tenant, refund: Refund) -> None:
    told = tell(refund, was_done=True, reference="fref_found")

    assert (told.status, told.provider_reference) == (states.SUCCEEDED, "fref_found")
    assert (payment_of(refund).amount_refunded, payment_of(refund).amount_refund_pending) == (400, 0)
    assert postings()["provider_clearing"] == 600
    anomaly = Anomaly.objects.for_merchant(tenant).get()
    assert (anomaly.resolution, anomaly.resolved_by) == ("Their statement of today.", "staff usr_1")
    entry = AuditEntry.objects.for_merchant(tenant).get(action="refund.outcome_told")
    assert (entry.actor_kind, entry.data["was_done"], entry.data["reference"]) == ("staff", True, "fref_found")


def test_what_was_not_done_gives_the_reserve_back(refund: Refund) -> None:
    told = tell(refund, was_done=False)

    assert told.failure is not None
    assert (told.status, told.failure["code"]) == (states.FAILED, "not_sent_in_time")
    assert payment_of(refund).amount_refundable == 1000
    assert postings() == {"provider_clearing": 1000, "merchant_pending": -980, "gateway_fees": -20}


def test_only_staff_tell_only_once_and_only_under_an_id_of_its_own(tenant: Tenant, refund: Refund) -> None:
    other = create_refund(tenant=tenant, payment_id=refund.payment_id, amount=100, now=timezone.now())
    run_due_work()
    other.refresh_from_db()
    before = postings()

    with pytest.raises(Forbidden):
        tell(refund, was_done=False, actor=context.Actor("person", "usr_2"))
    with pytest.raises(Invalid, match="belongs to something else"):
        tell(refund, was_done=True, reference=other.provider_reference)
    with pytest.raises(InvalidState):
        tell(other, was_done=False)
    refund.refresh_from_db()
    assert (refund.status, postings()) == (states.PROCESSING, before)
    assert Anomaly.objects.for_merchant(tenant).get().status == "open"

    tell(refund, was_done=False)
    with pytest.raises(InvalidState):
        tell(refund, was_done=True, reference="fref_found")
