"""Settlement files and anomalies in the dashboard: seen by members, decided by administrators or by the operator."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from gateway.core.tenancy import Tenant
from gateway.work.models import Work
from merchants.rules.permissions import Role
from payments.models import Anomaly
from payments.services.post_suspense import post_suspense
from reconciliation.models import SettlementFile
from tests.dashboard.conftest import signed_in
from tests.dashboard.sample import make_settlement
from tests.payments.factories import pay, postings


@pytest.fixture
def file(tenant: Tenant) -> SettlementFile:
    """An imported file: one line fits, one is a duplicate, one is nobody's."""
    return make_settlement(tenant, pay(tenant))


def anomaly_of(tenant: Tenant, kind: str) -> Anomaly:
    return Anomaly.objects.for_merchant(tenant).get(kind=kind)


def test_the_file_shows_its_lines_and_marks_what_differs(
    file: SettlementFile, owner: Client, viewer: Client, stranger: Client
) -> None:
    path = f"/dashboard/settlements/{file.public_id}"
    for client in (owner, viewer):
        assertContains(client.get("/dashboard/settlements"), "2 differences")
        page = client.get(path)
        assertContains(page, "2 lines differ from the books")
        assertContains(page, "Settled before")
        assertContains(page, "Not in our books")
    assertNotContains(owner.get(f"{path}?status=different"), "Matches")
    assert stranger.get(path).status_code == 404
    assertNotContains(stranger.get("/dashboard/settlements"), file.external_id)


@pytest.fixture
def owed(tenant: Tenant) -> Anomaly:
    """The bank sent back more than we know of: money went out, and suspense says so."""
    anomaly = post_suspense(
        payment=pay(tenant), provider_object="ref_1", kind="external_refund_beyond_captured", cumulative=250,
        direction="out", detail="The bank sent back more than was captured.", now=timezone.now(),
    )  # fmt: skip
    assert anomaly is not None
    return anomaly


def test_an_anomaly_explains_itself_and_an_administrator_accepts_what_the_merchant_owes(
    owed: Anomaly, owner: Client
) -> None:
    path = f"/dashboard/anomalies/{owed.public_id}"
    page = owner.get(path)
    for words in ("Refunded beyond what was captured", "What to do next", "Charge it", "decided by the gateway"):
        assertContains(page, words)
    assertNotContains(page, "Write it off")
    assertContains(owner.get("/dashboard/"), path)

    answer = owner.post(f"{path}/resolve", {"posting": "charge_merchant", "note": "The shop's own till."}, follow=True)

    assertContains(answer, "The anomaly is resolved")
    assertContains(answer, "The shop&#x27;s own till.")
    assert (postings()["merchant_receivable"], "suspense" in postings()) == (250, False)
    assertContains(owner.get("/dashboard/anomalies?status=resolved"), "Refunded beyond what was captured")
    again = owner.post(f"{path}/resolve", {"posting": "charge_merchant", "note": "Me too."})
    assertContains(again, "What was decided", status_code=422)
    owed.refresh_from_db()
    assert (owed.posting, owed.resolution) == ("charge_merchant", "The shop's own till.")


@pytest.mark.parametrize("posting", ["write_off", "credit_merchant", ""])
def test_money_that_came_in_is_not_the_merchants_to_decide_about(
    file: SettlementFile, tenant: Tenant, owner: Client, posting: str
) -> None:
    anomaly = anomaly_of(tenant, "settlement_duplicate_line")
    path = f"/dashboard/anomalies/{anomaly.public_id}"
    page = owner.get(path)
    assertContains(page, "operator decides what becomes of this money")
    assertNotContains(page, "form-resolve")
    before = postings()

    assert owner.post(f"{path}/resolve", {"posting": posting, "note": "Mine."}).status_code == 403

    anomaly.refresh_from_db()
    assert (anomaly.status, postings()) == ("open", before)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"posting": "", "note": "So."}, "Choose what becomes of the money in suspense."),
        ({"posting": "write_off", "note": "So."}, "Select a valid choice"),
        ({"posting": "charge_merchant", "note": " "}, "Say what you found out."),
    ],
)
def test_a_refusal_comes_back_in_the_form(owed: Anomaly, owner: Client, form: dict[str, str], words: str) -> None:
    before = postings()
    answer = owner.post(f"/dashboard/anomalies/{owed.public_id}/resolve", form)
    assertContains(answer, words, status_code=422)
    assertContains(answer, 'id="form-resolve"', status_code=422)
    owed.refresh_from_db()
    assert (owed.status, postings()) == ("open", before)


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.SUPPORT, Role.VIEWER])
def test_only_an_administrator_decides_and_imports(
    file: SettlementFile, owed: Anomaly, tenant: Tenant, role: Role
) -> None:
    client = signed_in(tenant, role)
    path = f"/dashboard/anomalies/{owed.public_id}"
    assertNotContains(client.get(path), "form-resolve")
    assertNotContains(client.get("/dashboard/settlements"), "Import now")
    assert client.post(f"{path}/resolve", {"posting": "charge_merchant", "note": "So."}).status_code == 403
    assert client.post("/dashboard/settlements/import").status_code == 403
    owed.refresh_from_db()
    assert owed.status == "open"


def test_another_merchants_anomaly_is_404_and_stays_open(
    file: SettlementFile, tenant: Tenant, stranger: Client
) -> None:
    anomaly = anomaly_of(tenant, "settlement_duplicate_line")
    path = f"/dashboard/anomalies/{anomaly.public_id}"
    assert stranger.get(path).status_code == 404
    assert stranger.post(f"{path}/resolve", {"posting": "write_off", "note": "So."}).status_code == 404
    anomaly.refresh_from_db()
    assert anomaly.status == "open"


def test_the_button_asks_for_new_files(tenant: Tenant, owner: Client) -> None:
    answer = owner.post("/dashboard/settlements/import", follow=True)
    assertContains(answer, "is being asked for new settlement files")
    assert not Work.objects.exists()  # the provider in memory has none to give
