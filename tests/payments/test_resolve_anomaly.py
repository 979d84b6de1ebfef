"""Somebody resolves an anomaly: once, with a reason, with the money out of suspense, and with nobody else's money."""

from __future__ import annotations

import threading

import pytest
from django.db import connection
from django.utils import timezone

from gateway.audit.models import AuditEntry
from gateway.core import context
from gateway.core.errors import Conflict, Forbidden, Invalid, NotFound
from gateway.core.tenancy import Tenant
from gateway.events.selectors.events import list_events
from payments.errors import AnomalyResolved
from payments.invariants import suspense_is_explained
from payments.models import Anomaly, Payment
from payments.services.open_anomaly import open_anomaly
from payments.services.post_suspense import post_suspense
from payments.services.resolve_anomaly import resolve_anomaly
from tests.payments.factories import make_order, make_tenant, pay, postings
from tests.support.database import TestDatabase
from tests.support.fake_provider import FakeProvider

STAFF = context.Actor("staff", "usr_1")
ADMINISTRATOR = context.Actor("person", "usr_2")


def suspended(payment: Payment, amount: int, direction: str) -> Anomaly:
    anomaly = post_suspense(
        payment=payment, provider_object=f"obj_{amount}", kind="external_capture", cumulative=amount,
        direction=direction, detail="The provider moved more than we asked for.", now=timezone.now(),  # type: ignore[arg-type]
    )  # fmt: skip
    assert anomaly is not None
    return anomaly


@pytest.mark.parametrize(
    ("direction", "posting", "account", "balance"),
    [
        ("in", "credit_merchant", "merchant_pending", -250),
        ("in", "write_off", "write_offs", -250),
        ("out", "charge_merchant", "merchant_receivable", 250),
        ("out", "write_off", "write_offs", 250),
    ],
)
def test_each_posting_empties_the_suspense_it_stands_for(
    tenant: Tenant, provider: FakeProvider, direction: str, posting: str, account: str, balance: int
) -> None:
    payment = pay(tenant, make_order(tenant))
    before = postings().get(account, 0)
    anomaly = suspended(payment, 250, direction)
    other = suspended(payment, 70, "in")

    with context.bound(actor=STAFF):
        resolve_anomaly(
            tenant=tenant, anomaly_id=anomaly.id, note=" The bank wrote. ", posting=posting, now=timezone.now()
        )

    assert list(suspense_is_explained.violations()) == []
    assert (postings()["suspense"], postings()[account] - before) == (-other.amount, balance)
    anomaly.refresh_from_db()
    assert (anomaly.status, anomaly.resolution, anomaly.posting) == ("resolved", "The bank wrote.", posting)
    assert anomaly.resolved_by == "staff usr_1"
    entry = AuditEntry.objects.for_merchant(tenant).get(action="anomaly.resolved")
    assert (entry.actor_kind, entry.actor_id, entry.data["posting"]) == ("staff", "usr_1", posting)


@pytest.mark.parametrize("actor", [ADMINISTRATOR, context.Actor("worker", "anything"), context.Actor("system")])
@pytest.mark.parametrize(
    ("direction", "posting"),
    [("in", "credit_merchant"), ("in", "write_off"), ("in", ""), ("in", "nonsense"), ("out", "write_off")],
)
def test_only_staff_decide_about_the_gateways_own_money(
    tenant: Tenant, provider: FakeProvider, actor: context.Actor, direction: str, posting: str
) -> None:
    anomaly = suspended(pay(tenant, make_order(tenant)), 250, direction)
    before = postings()

    with context.bound(actor=actor), pytest.raises(Forbidden):
        resolve_anomaly(tenant=tenant, anomaly_id=anomaly.id, note="Mine.", posting=posting, now=timezone.now())

    anomaly.refresh_from_db()
    assert (anomaly.status, anomaly.posting, postings()) == ("open", "", before)
    assert not AuditEntry.objects.for_merchant(tenant).filter(action="anomaly.resolved").exists()


def test_what_a_merchant_owes_it_may_accept_itself(tenant: Tenant, provider: FakeProvider) -> None:
    anomaly = suspended(pay(tenant, make_order(tenant)), 250, "out")

    with context.bound(actor=ADMINISTRATOR):
        resolve_anomaly(
            tenant=tenant, anomaly_id=anomaly.id, note="We did.", posting="charge_merchant", now=timezone.now()
        )

    assert (postings()["merchant_receivable"], "suspense" in postings()) == (250, False)


def test_opening_and_resolving_are_told(tenant: Tenant, provider: FakeProvider) -> None:
    payment = pay(tenant, make_order(tenant))
    anomaly = open_anomaly(
        tenant=tenant, kind="refund_contradiction", subject_type="payment", subject_id=payment.id,
        detail="Two words of the bank contradict each other.", now=timezone.now(),
    )  # fmt: skip
    resolve_anomaly(tenant=tenant, anomaly_id=anomaly.id, note="Settled by phone.", now=timezone.now())

    told = list_events(tenant).filter(type__startswith="anomaly.").order_by("id")
    assert [(event.type, event.status) for event in told] == [
        ("anomaly.opened", "open"),
        ("anomaly.resolved", "resolved"),
    ]
    assert payment.public_id in told[0].body
    assert '"resolution":"Settled by phone."' in told[1].body


@pytest.mark.parametrize(
    ("note", "posting"), [("", "write_off"), ("   ", "write_off"), ("x" * 501, "write_off"), ("Because.", ""),
                          ("Because.", "charge_merchant"), ("Because.", "nonsense")],
)  # fmt: skip
def test_without_a_reason_or_a_fitting_posting_nothing_changes(
    tenant: Tenant, provider: FakeProvider, note: str, posting: str
) -> None:
    anomaly = suspended(pay(tenant, make_order(tenant)), 250, "in")

    with context.bound(actor=STAFF), pytest.raises(Invalid):
        resolve_anomaly(tenant=tenant, anomaly_id=anomaly.id, note=note, posting=posting, now=timezone.now())

    anomaly.refresh_from_db()
    assert (anomaly.status, postings()["suspense"]) == ("open", -250)


def test_an_anomaly_without_money_takes_no_posting_and_another_merchants_is_not_found(
    tenant: Tenant, provider: FakeProvider
) -> None:
    anomaly = open_anomaly(
        tenant=tenant, kind="foreign_payment", subject_type="payment", subject_id=pay(tenant, make_order(tenant)).id,
        detail="Not ours.", now=timezone.now(),
    )  # fmt: skip
    with pytest.raises(Invalid):
        resolve_anomaly(tenant=tenant, anomaly_id=anomaly.id, note="So.", posting="write_off", now=timezone.now())
    with pytest.raises(NotFound):
        resolve_anomaly(tenant=make_tenant(), anomaly_id=anomaly.id, note="So.", now=timezone.now())
    anomaly.refresh_from_db()
    assert anomaly.status == "open"


def test_of_two_who_resolve_at_once_one_wins_and_one_is_told(
    committed_db: TestDatabase, provider: FakeProvider
) -> None:
    tenant = make_tenant()
    anomaly = suspended(pay(tenant, make_order(tenant)), 250, "in")
    start = threading.Barrier(2)
    said: list[str] = []

    def resolve(posting: str) -> None:
        start.wait()
        try:
            with context.bound(actor=STAFF):
                done = resolve_anomaly(
                    tenant=tenant, anomaly_id=anomaly.id, note=posting, posting=posting, now=timezone.now()
                )
            said.append(done.posting)
        except Conflict as refusal:
            said.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=resolve, args=(posting,)) for posting in ("credit_merchant", "write_off")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    anomaly.refresh_from_db()
    assert sorted(said) == sorted([AnomalyResolved.code, anomaly.posting])
    assert "suspense" not in postings()
    assert list(suspense_is_explained.violations()) == []
    assert list_events(tenant).filter(type="anomaly.resolved").count() == 1
