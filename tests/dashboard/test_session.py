"""Signing in and out, the lockout, the switches of merchant and mode."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects
from pytest_django.fixtures import Settings

from gateway.audit.models import AuditEntry
from gateway.core.tenancy import Tenant
from merchants.rules.permissions import Role
from merchants.services.add_member import add_member
from tests.payments.factories import pay
from tests.support.merchants import PASSWORD, make_merchant, make_person

SIGN_IN = "/dashboard/sign-in"


def test_a_person_signs_in_and_out(tenant: Tenant) -> None:
    person, client = make_person(tenant), Client()
    answer = client.post(SIGN_IN, {"email": person.email.upper(), "password": PASSWORD, "next": "/dashboard/orders"})
    assertRedirects(answer, "/dashboard/orders", status_code=303)
    entry = AuditEntry.objects.for_merchant(tenant).get(action="session.opened")
    assert (entry.actor_kind, entry.actor_id) == ("person", person.public_id)
    assert client.get("/dashboard/sign-out").status_code == 405
    client.post("/dashboard/sign-out")
    assert client.get("/dashboard/").status_code == 302


def test_a_page_of_another_site_is_never_next(tenant: Tenant) -> None:
    person, client = make_person(tenant), Client()
    answer = client.post(SIGN_IN, {"email": person.email, "password": PASSWORD, "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/dashboard/"


def test_a_wrong_password_and_an_unknown_address_are_one_message(tenant: Tenant) -> None:
    person = make_person(tenant)
    for email in (person.email, "nobody@demo.test"):
        answer = Client().post(SIGN_IN, {"email": email, "password": "wrong"})
        assertContains(answer, "The email address or the password is wrong.", status_code=422)
        assertNotContains(answer, 'value="wrong"', status_code=422)
    assertContains(Client().post(SIGN_IN, {"email": "", "password": ""}), "Enter your password.", status_code=422)


def test_who_may_no_longer_sign_in_is_refused(tenant: Tenant) -> None:
    person = make_person(tenant)
    person.is_active = False
    person.save(update_fields=["is_active"])
    answer = Client().post(SIGN_IN, {"email": person.email, "password": PASSWORD})
    assert answer.status_code == 422


@pytest.mark.usefixtures("one_window")
def test_too_many_attempts_lock_the_account_for_a_while(tenant: Tenant, settings: Settings) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "login_account": (3, 900)}
    person = make_person(tenant)
    for _ in range(3):
        Client().post(SIGN_IN, {"email": person.email, "password": "wrong"})
    answer = Client().post(SIGN_IN, {"email": person.email, "password": PASSWORD})
    assertContains(answer, "Too many attempts to sign in. Wait", status_code=429)
    assert int(answer.headers["Retry-After"]) > 0


def test_a_forged_form_is_refused(tenant: Tenant) -> None:
    person, client = make_person(tenant), Client(enforce_csrf_checks=True)
    assert client.post(SIGN_IN, {"email": person.email, "password": PASSWORD}).status_code == 403


def test_who_belongs_nowhere_is_told_so(db: None) -> None:
    person, client = make_person(), Client()
    client.post(SIGN_IN, {"email": person.email, "password": PASSWORD})
    assertContains(client.get("/dashboard/"), "You belong to no merchant yet", status_code=403)


def test_a_person_switches_between_their_merchants_only(tenant: Tenant, stranger: Client) -> None:
    second, third = make_merchant("Second Shop"), make_merchant("Third Shop")
    person, client = make_person(tenant), Client()
    add_member(merchant_id=second.id, user_id=person.id, role=Role.VIEWER)
    client.post(SIGN_IN, {"email": person.email, "password": PASSWORD})
    assertContains(client.get("/dashboard/"), "Switch merchant")
    client.post("/dashboard/merchant", {"merchant": second.public_id})
    assertContains(client.get("/dashboard/"), "Viewer")
    assert client.get("/dashboard/api-keys/create").status_code == 403
    assert client.post("/dashboard/merchant", {"merchant": third.public_id}).status_code == 404
    assertContains(client.get("/dashboard/"), "Second Shop")


def test_live_mode_shows_none_of_the_test_data(tenant: Tenant, owner: Client) -> None:
    payment = pay(tenant)
    assertContains(owner.get("/dashboard/payments"), payment.public_id)
    assertContains(owner.get("/dashboard/"), "Test mode")
    owner.post("/dashboard/mode", {"mode": "live"})
    home = owner.get("/dashboard/")
    assertNotContains(home, "No real money moves here")
    assertNotContains(home, "First steps")
    assertContains(owner.get("/dashboard/payments"), "No payments yet")
    assert owner.get(f"/dashboard/payments/{payment.public_id}").status_code == 404
    owner.post("/dashboard/mode", {"mode": "test"})
    assertContains(owner.get("/dashboard/payments"), payment.public_id)


def test_the_front_door_leads_to_the_dashboard(db: None) -> None:
    assertRedirects(Client().get("/"), "/dashboard/", fetch_redirect_response=False)


def test_pages_are_kept_by_no_cache_and_carry_a_strict_policy(owner: Client) -> None:
    page = owner.get("/dashboard/payments")
    assert page.headers["Cache-Control"] == "private, no-cache"
    assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
    assert " style=" not in page.content.decode()
    assert "<script>" not in page.content.decode()
