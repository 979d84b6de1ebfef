"""Staff tell what became of a request of which the provider can no longer say it: in their own name, and nobody else."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from gateway.core.tenancy import Tenant
from gateway.work.models import Work
from merchants.models import User
from payments.models import Operation
from payments.services.open_anomaly import open_anomaly
from payments.states import UNRESOLVED
from refunds.models import Refund
from refunds.services.create_refund import create_refund
from refunds.states import OUTCOME_UNKNOWN
from tests.dashboard.test_staff import audited, staff
from tests.payments.factories import operations, pay, reload, start_payment
from tests.support.merchants import make_person

__all__ = ["staff"]
NOT_DONE = {"outcome": "not_done", "reference": "", "note": "Not on their statement."}


def asked(tenant: Tenant, kind: str, subject: Operation | Refund) -> None:
    open_anomaly(
        tenant=tenant, kind=kind, subject_type=kind.partition("_")[0], subject_id=subject.id,
        detail="Look it up there.", now=timezone.now(),
    )  # fmt: skip


@pytest.fixture
def operation(tenant: Tenant) -> Operation:
    """An authorisation without an answer, of which a person was asked."""
    (found,) = operations(start_payment(tenant))
    Operation.all_rows.filter(id=found.id).update(status="unknown", attempts=1)
    Work.objects.filter(subject_id=found.id).delete()
    asked(tenant, UNRESOLVED, found)
    return found


@pytest.fixture
def refund(tenant: Tenant) -> Refund:
    """The same of a refund."""
    found = create_refund(tenant=tenant, payment_id=pay(tenant).id, now=timezone.now())
    Refund.objects.for_merchant(tenant).filter(id=found.id).update(status="processing", sends=1)
    asked(tenant, OUTCOME_UNKNOWN, found)
    return found


def page_of(row: Operation | Refund) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_outcome", args=[row.pk])


def row_of(row: Operation | Refund) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def test_staff_tell_that_an_operation_was_done(operation: Operation, staff: Client) -> None:
    assertContains(staff.get(row_of(operation)), page_of(operation))
    assertContains(staff.get(page_of(operation)), operation.public_id)

    answer = staff.post(page_of(operation), {"outcome": "done", "reference": "fpay_9", "note": "On their statement."})

    assert answer.headers["Location"] == row_of(operation)
    operation.refresh_from_db()
    payment = reload(operation.payment)
    assert (operation.status, payment.status, payment.provider_reference) == ("succeeded", "succeeded", "fpay_9")
    entry = audited("operation.outcome_told")
    assert (entry.actor_kind, entry.actor_id) == ("staff", User.objects.get(is_superuser=True).public_id)
    assertNotContains(staff.get(row_of(operation)), page_of(operation))
    assertContains(staff.post(page_of(operation), NOT_DONE), "Nobody has to tell the outcome")


def test_staff_tell_that_a_refund_was_not_done(refund: Refund, staff: Client) -> None:
    assertContains(staff.get(row_of(refund)), page_of(refund))

    assert staff.post(page_of(refund), NOT_DONE).headers["Location"] == row_of(refund)

    refund.refresh_from_db()
    assert refund.status == "failed"
    assert audited("refund.outcome_told").data["note"] == "Not on their statement."


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"outcome": "done", "reference": "", "note": "So."}, "Name the id"),
        ({"outcome": "", "reference": "", "note": "So."}, "This field is required."),
        ({"outcome": "not_done", "reference": "", "note": " "}, "This field is required."),
    ],
)
def test_an_incomplete_word_settles_nothing(refund: Refund, staff: Client, form: dict[str, str], words: str) -> None:
    assertContains(staff.post(page_of(refund), form), words)
    refund.refresh_from_db()
    assert refund.status == "processing"


def test_staff_who_may_only_read_and_administrators_of_merchants_tell_nothing(
    operation: Operation, refund: Refund, owner: Client
) -> None:
    clerk, reader = make_person(is_staff=True), Client()
    clerk.user_permissions.set(Permission.objects.filter(codename__in=("view_operation", "view_refund")))
    reader.force_login(clerk, backend="django.contrib.auth.backends.ModelBackend")
    for row in (operation, refund):
        assertNotContains(reader.get(row_of(row)), page_of(row))
        for client, status in ((reader, 403), (owner, 302), (Client(), 302)):
            assert client.get(page_of(row)).status_code == status
            assert client.post(page_of(row), NOT_DONE).status_code == status
    operation.refresh_from_db()
    refund.refresh_from_db()
    assert (operation.status, refund.status) == ("unknown", "processing")
