"""Staff decide about money that stands in suspense: once, with a reason, in their own name."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from gateway.core.tenancy import Tenant
from merchants.models import User
from payments.models import Anomaly
from payments.services.open_anomaly import open_anomaly
from payments.services.post_suspense import post_suspense
from tests.dashboard.test_staff import audited, staff
from tests.payments.factories import pay, postings
from tests.support.merchants import make_person

__all__ = ["staff"]


@pytest.fixture
def anomaly(tenant: Tenant) -> Anomaly:
    """The provider captured more than was asked for."""
    found = post_suspense(
        payment=pay(tenant), provider_object="cap_1", kind="external_capture", cumulative=250, direction="in",
        detail="The provider captured more than we asked for.", now=timezone.now(),
    )  # fmt: skip
    assert found is not None
    return found


def page_of(anomaly: Anomaly) -> str:
    return reverse("admin:payments_anomaly_resolve", args=[anomaly.pk])


@pytest.mark.parametrize(("posting", "account"), [("write_off", "write_offs"), ("credit_merchant", "merchant_pending")])
def test_staff_decide_and_it_is_recorded_in_their_name(
    anomaly: Anomaly, staff: Client, posting: str, account: str
) -> None:
    row = reverse("admin:payments_anomaly_change", args=[anomaly.pk])
    assertContains(staff.get(row), page_of(anomaly))
    assertContains(staff.get(page_of(anomaly)), "Write off")
    before = postings().get(account, 0)

    answer = staff.post(page_of(anomaly), {"posting": posting, "note": "Asked the bank."})

    assert answer.headers["Location"] == row
    assert (postings()[account] - before, "suspense" in postings()) == (-250, False)
    anomaly.refresh_from_db()
    person = User.objects.get(is_superuser=True)
    assert (anomaly.posting, anomaly.resolution) == (posting, "Asked the bank.")
    assert anomaly.resolved_by == f"staff {person.public_id}"
    entry = audited("anomaly.resolved")
    assert (entry.actor_kind, entry.actor_id, entry.merchant_id) == ("staff", person.public_id, anomaly.merchant_id)
    assertNotContains(staff.get(row), page_of(anomaly))
    assertContains(staff.post(page_of(anomaly), {"posting": posting, "note": "Again."}), "was resolved")
    assert postings()[account] - before == -250


def test_the_merchant_reads_what_the_operator_decided(anomaly: Anomaly, staff: Client, owner: Client) -> None:
    staff.post(page_of(anomaly), {"posting": "write_off", "note": "Asked the bank."})
    page = owner.get(f"/dashboard/anomalies/{anomaly.public_id}")
    assertContains(page, "Asked the bank.")
    assertContains(page, "the gateway&#x27;s operator")


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"posting": "write_off", "note": " "}, "This field is required."),
        ({"posting": "", "note": "So."}, "This field is required."),
        ({"posting": "charge_merchant", "note": "So."}, "Select a valid choice"),
    ],
)
def test_without_a_reason_or_a_fitting_choice_nothing_moves(
    anomaly: Anomaly, staff: Client, form: dict[str, str], words: str
) -> None:
    before = postings()
    assertContains(staff.post(page_of(anomaly), form), words)
    anomaly.refresh_from_db()
    assert (anomaly.status, postings()) == ("open", before)


def test_one_without_money_takes_a_reason_alone(tenant: Tenant, staff: Client) -> None:
    anomaly = open_anomaly(
        tenant=tenant, kind="foreign_payment", subject_type="payment", subject_id=pay(tenant).id,
        detail="Not ours.", now=timezone.now(),
    )  # fmt: skip
    assertNotContains(staff.get(page_of(anomaly)), "What becomes of the money")
    assert staff.post(page_of(anomaly), {"note": "Seen."}).status_code == 302
    anomaly.refresh_from_db()
    assert (anomaly.resolution, anomaly.posting) == ("Seen.", "")


def test_staff_who_may_only_read_and_administrators_of_merchants_move_nothing(anomaly: Anomaly, owner: Client) -> None:
    clerk, reader = make_person(is_staff=True), Client()
    clerk.user_permissions.set(Permission.objects.filter(codename="view_anomaly"))
    reader.force_login(clerk, backend="django.contrib.auth.backends.ModelBackend")
    row = reverse("admin:payments_anomaly_change", args=[anomaly.pk])
    assertNotContains(reader.get(row), page_of(anomaly))
    before = postings()
    for client, status in ((reader, 403), (owner, 302), (Client(), 302)):
        assert client.get(page_of(anomaly)).status_code == status
        assert client.post(page_of(anomaly), {"posting": "write_off", "note": "So."}).status_code == status
    anomaly.refresh_from_db()
    assert (anomaly.status, postings()) == ("open", before)
