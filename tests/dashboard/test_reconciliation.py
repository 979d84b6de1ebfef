"""Settlement files and anomalies in the dashboard: seen by members, decided by administrators."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains

from gateway.core.tenancy import Tenant
from gateway.work.models import Work
from merchants.rules.permissions import Role
from payments.models import Anomaly
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


def test_an_anomaly_explains_itself_and_is_resolved_by_an_administrator(
    file: SettlementFile, tenant: Tenant, owner: Client
) -> None:
    anomaly = anomaly_of(tenant, "settlement_unknown_line")
    path = f"/dashboard/anomalies/{anomaly.public_id}"
    page = owner.get(path)
    for words in ("Settled, and unknown here", "What to do next", f"{file.external_id}, line 3", "Credit it"):
        assertContains(page, words)
    assertContains(owner.get("/dashboard/"), path)
    before = postings()["suspense"]

    answer = owner.post(f"{path}/resolve", {"posting": "credit_merchant", "note": "The shop's own till."}, follow=True)

    assertContains(answer, "The anomaly is resolved")
    assertContains(answer, "The shop&#x27;s own till.")
    assert postings()["suspense"] - before == 7700
    assertContains(owner.get("/dashboard/anomalies?status=resolved"), "Settled, and unknown here")
    again = owner.post(f"{path}/resolve", {"posting": "write_off", "note": "Me too."})
    assertContains(again, "What was decided", status_code=422)
    anomaly.refresh_from_db()
    assert (anomaly.posting, anomaly.resolution) == ("credit_merchant", "The shop's own till.")


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"posting": "", "note": "So."}, "Choose what becomes of the money in suspense."),
        ({"posting": "charge_merchant", "note": "So."}, "Select a valid choice"),
        ({"posting": "write_off", "note": " "}, "Say what you found out."),
    ],
)
def test_a_refusal_comes_back_in_the_form(
    file: SettlementFile, tenant: Tenant, owner: Client, form: dict[str, str], words: str
) -> None:
    anomaly = anomaly_of(tenant, "settlement_unknown_line")
    answer = owner.post(f"/dashboard/anomalies/{anomaly.public_id}/resolve", form)
    assertContains(answer, words, status_code=422)
    assertContains(answer, 'id="form-resolve"', status_code=422)
    anomaly.refresh_from_db()
    assert anomaly.status == "open"


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.SUPPORT, Role.VIEWER])
def test_only_an_administrator_decides_and_imports(file: SettlementFile, tenant: Tenant, role: Role) -> None:
    client = signed_in(tenant, role)
    anomaly = anomaly_of(tenant, "settlement_duplicate_line")
    path = f"/dashboard/anomalies/{anomaly.public_id}"
    assertNotContains(client.get(path), "form-resolve")
    assertNotContains(client.get("/dashboard/settlements"), "Import now")
    assert client.post(f"{path}/resolve", {"posting": "write_off", "note": "So."}).status_code == 403
    assert client.post("/dashboard/settlements/import").status_code == 403
    anomaly.refresh_from_db()
    assert anomaly.status == "open"


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
