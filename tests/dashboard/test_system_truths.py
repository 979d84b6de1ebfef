"""The staff page of what must always hold: what it says, who may look, who may look again."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from gateway.audit.models import AuditEntry
from gateway.core.tenancy import Tenant
from gateway.observability.models import InvariantRun
from payments.models import Payment
from tests.dashboard.test_staff import audited, staff
from tests.payments.factories import pay
from tests.support.merchants import make_person

__all__ = ["staff"]
PAGE = "/staff/observability/invariantrun/"
SENTENCE = "Captured amounts, fees and open authorisations of payments are those of the ledger."


def clerk(*permissions: str) -> Client:
    """Staff with some rights only."""
    person, client = make_person(is_staff=True), Client()
    person.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_before_the_first_run_nothing_is_claimed(staff: Client) -> None:
    page = staff.get(PAGE)
    assertContains(page, f"{len(settings.INVARIANTS)} of {len(settings.INVARIANTS)} have not been checked yet.")
    assertContains(page, SENTENCE)


def test_the_button_checks_all_of_them_and_is_recorded(tenant: Tenant, staff: Client) -> None:
    pay(tenant)
    page = staff.post(reverse("admin:observability_run_now"), follow=True)
    assertContains(page, f"All {len(settings.INVARIANTS)} hold.")
    assert InvariantRun.objects.filter(violations=0).count() == len(settings.INVARIANTS)
    entry = audited("invariants.run_by_staff")
    assert (entry.actor_kind, entry.data) == ("staff", {"checked": len(settings.INVARIANTS), "broken": []})


def test_what_is_broken_comes_first_with_the_row_at_fault(tenant: Tenant, staff: Client) -> None:
    payment = pay(tenant)
    Payment.all_rows.filter(id=payment.id).update(amount_captured=999)
    page = staff.post(reverse("admin:observability_run_now"), follow=True)
    assertContains(page, f"of {len(settings.INVARIANTS)} do not hold.")
    assertContains(page, str(payment.id))
    assertContains(page, "its operations captured 1000")
    text = page.content.decode()
    assert text.index(SENTENCE) < text.index("Over all entries, debits equal credits per currency and mode.")


@pytest.mark.parametrize(("permission", "sees"), [("view_invariantrun", 200), ("view_work", 403)])
def test_who_may_only_look_gets_no_button_and_who_may_not_gets_nothing(
    tenant: Tenant, permission: str, sees: int
) -> None:
    client = clerk(permission)
    page = client.get(PAGE)
    assert page.status_code == sees
    assertNotContains(page, "Check all now", status_code=sees)
    assert client.post(reverse("admin:observability_run_now")).status_code == 403
    assert not InvariantRun.objects.exists()
    assert not AuditEntry.objects.unscoped("a test").filter(action="invariants.run_by_staff").exists()


def test_merchants_see_nothing_of_it(tenant: Tenant, owner: Client) -> None:
    assert owner.get(PAGE).status_code == 302
    assert owner.post(reverse("admin:observability_run_now")).status_code == 302
    assert not InvariantRun.objects.exists()
