"""The provider has forgotten the key: staff look into its records, and their word settles the operation."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from gateway.audit.models import AuditEntry
from gateway.core import context
from gateway.core.errors import Forbidden, Invalid
from gateway.core.tenancy import Tenant
from gateway.work.models import Work
from payments.errors import InvalidState
from payments.models import Anomaly, Operation, Payment
from payments.providers.base import Capabilities
from payments.rules.told_outcomes import told_outcome
from payments.services.capture_payment import capture_payment
from payments.services.link_reference import link_reference
from payments.services.resolve_anomaly import resolve_anomaly
from payments.services.tell_operation_outcome import tell_operation_outcome
from payments.states import UNRESOLVED
from reconciliation.services.sweep import sweep
from tests.payments.factories import event_types, make_order, operations, order_of, pay, postings, reload
from tests.support.fake_provider import FakeProvider
from tests.support.work import run_due_work

STAFF = context.Actor("staff", "usr_1")


@pytest.fixture(autouse=True)
def forgetful(provider: FakeProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider that keeps keys for a day and knows no tombstones."""
    capabilities = Capabilities(
        void_if_absent=False, key_retention=timedelta(hours=24), method_types=frozenset({"card"})
    )
    monkeypatch.setattr(provider, "capabilities", capabilities, raising=False)


def a_day_later() -> None:
    with time_machine.travel(timezone.now() + timedelta(hours=25), tick=True):
        run_due_work(forward=True)


def unanswered(tenant: Tenant, provider: FakeProvider) -> tuple[Payment, Operation]:
    """An authorisation that was sent and never answered, and of which a person is asked."""
    provider.next_faults.append("lost_before")
    payment = pay(tenant, make_order(tenant))
    a_day_later()
    return payment, operations(payment)[0]


def tell(operation: Operation, *, was_done: bool, reference: str = "", actor: context.Actor = STAFF) -> None:
    told = told_outcome(was_done=was_done, reference=reference, note="Their statement of today.")
    with context.bound(actor=actor):
        tell_operation_outcome(operation_id=operation.id, told=told, now=timezone.now())


def test_a_person_is_asked_once_and_nobody_else_any_more(tenant: Tenant, provider: FakeProvider) -> None:
    payment, operation = unanswered(tenant, provider)

    anomaly = Anomaly.objects.for_merchant(tenant).get()
    assert (anomaly.kind, anomaly.subject_id) == (UNRESOLVED, operation.id)
    assert operation.public_id in anomaly.detail
    assert not Work.objects.filter(kind="payments.carry_out_operation").exists()

    resolve_anomaly(tenant=tenant, anomaly_id=anomaly.id, note="Looking.", now=timezone.now())
    with time_machine.travel(timezone.now() + timedelta(hours=26), tick=True):
        assert sweep() == 0
        run_due_work()
    assert Anomaly.objects.for_merchant(tenant).count() == 1
    assert (reload(payment).status, provider.sent) == ("processing", [("authorize", operation.public_id)])


def test_what_was_done_is_settled_under_the_providers_reference(tenant: Tenant, provider: FakeProvider) -> None:
    payment, operation = unanswered(tenant, provider)

    tell(operation, was_done=True, reference=" fpay_found ")

    payment = reload(payment)
    assert (payment.status, payment.amount_captured, payment.provider_reference) == ("succeeded", 1000, "fpay_found")
    assert (order_of(payment).status, postings()["provider_clearing"]) == ("paid", 1000)
    anomaly = Anomaly.objects.for_merchant(tenant).get()
    assert (anomaly.resolution, anomaly.resolved_by) == ("Their statement of today.", "staff usr_1")
    entry = AuditEntry.objects.for_merchant(tenant).get(action="operation.outcome_told")
    assert (entry.actor_kind, entry.actor_id, entry.subject_id, entry.data) == (
        "staff", "usr_1", str(operation.id),
        {"was_done": True, "reference": "fpay_found", "note": "Their statement of today."},
    )  # fmt: skip


def test_what_was_not_done_ends_the_payment_and_frees_the_order(tenant: Tenant, provider: FakeProvider) -> None:
    payment, operation = unanswered(tenant, provider)

    tell(operation, was_done=False)

    payment = reload(payment)
    assert payment.failure is not None
    assert (payment.status, payment.failure["code"]) == ("failed", "not_sent_in_time")
    assert (order_of(payment).live_payment_id, postings()) == (None, {})
    assert {"anomaly.resolved", "payment.failed"} <= set(event_types())


def test_a_capture_that_was_not_done_gives_its_reserve_back(tenant: Tenant, provider: FakeProvider) -> None:
    payment = pay(tenant, make_order(tenant), capture_method="manual")
    provider.next_faults.append("lost_before")
    capture_payment(tenant=tenant, payment_id=payment.id, amount=400, now=timezone.now())
    run_due_work()
    a_day_later()
    assert reload(payment).amount_capture_pending == 400

    tell(operations(payment)[-1], was_done=False)

    payment = reload(payment)
    assert (payment.status, payment.amount_capture_pending, payment.amount_capturable) == ("requires_capture", 0, 1000)


@pytest.mark.parametrize("actor", [context.Actor("person", "usr_2"), context.Actor("api_key", "key_1")])
def test_only_staff_tell(tenant: Tenant, provider: FakeProvider, actor: context.Actor) -> None:
    payment, operation = unanswered(tenant, provider)

    with pytest.raises(Forbidden):
        tell(operation, was_done=True, reference="fpay_found", actor=actor)

    assert (reload(payment).status, postings()) == ("processing", {})
    assert Anomaly.objects.for_merchant(tenant).get().status == "open"
    assert not AuditEntry.objects.for_merchant(tenant).filter(action="operation.outcome_told").exists()


def test_a_reference_that_means_another_payment_is_refused(tenant: Tenant, provider: FakeProvider) -> None:
    other = pay(tenant)
    payment, operation = unanswered(tenant, provider)
    link_reference(account=operation.provider_account, reference="fpay_x", object_type="payment", object_id=other.id)

    for reference in ("fpay_x", other.provider_reference):
        with pytest.raises(Invalid, match="belongs to something else"):
            tell(operation, was_done=True, reference=reference)

    assert (reload(payment).status, Anomaly.objects.for_merchant(tenant).get().status) == ("processing", "open")


def test_nobody_tells_what_the_provider_can_still_say_or_has_said(tenant: Tenant, provider: FakeProvider) -> None:
    provider.next_faults.append("lost_before")
    payment = pay(tenant, make_order(tenant))
    with pytest.raises(InvalidState):
        tell(operations(payment)[0], was_done=False)
    run_due_work(forward=True)
    assert reload(payment).status == "succeeded"

    _, told_once = unanswered(tenant, provider)
    tell(told_once, was_done=False)
    with pytest.raises(InvalidState):
        tell(told_once, was_done=True, reference="fpay_found")
    assert operations(payment)[0].status == "succeeded"


@pytest.mark.parametrize(("reference", "note"), [(" ", "Seen."), ("x" * 256, "Seen."), ("fpay_1", " ")])
def test_what_was_done_needs_its_id_and_everything_a_note(reference: str, note: str) -> None:
    with pytest.raises(Invalid):
        told_outcome(was_done=True, reference=reference, note=note)
