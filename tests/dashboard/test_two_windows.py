"""Two windows of one browser: what one of them shows never acts on what was chosen in the other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains

from gateway.core.tenancy import Tenant
from merchants.models import ApiKey, Membership
from merchants.rules.permissions import Role
from merchants.services.add_member import add_member
from refunds.selectors.refunds import refunds_of
from tests.dashboard.conftest import Window
from tests.dashboard.test_payment_actions import refund_form
from tests.payments.factories import pay
from tests.support.merchants import make_merchant

POST_FORM = re.compile(r'<form\b[^>]*\bmethod="post"[^>]*>(.{0,80})', re.DOTALL)
FIRST = '{% include "dashboard/_form_start.html" %}'


@pytest.fixture
def other(owner: Window) -> Window:
    """Another window of the owner's browser."""
    window = Window()
    window.cookies = owner.cookies
    return window


def keys() -> int:
    return ApiKey.objects.unscoped("the test counts all").count()


def test_every_form_of_the_dashboard_says_where_it_was_drawn() -> None:
    folder = Path(settings.BASE_DIR) / "templates/dashboard"
    alone = {"sign_in.html", "no_merchant.html"}  # before there is a merchant
    seen = 0
    for path in sorted(folder.rglob("*.html")):
        text = path.read_text()
        assert path.name in alone or path.name == "_form_start.html" or "{% csrf_token %}" not in text, path
        for after in POST_FORM.findall(text) if path.name not in alone else ():
            assert after.lstrip().startswith(FIRST), f"{path}: {after!r}"
            seen += 1
    assert seen > 15


def test_a_form_from_test_mode_does_nothing_in_live_mode(tenant: Tenant, owner: Window, other: Window) -> None:
    form = {"key": re.findall(r'name="key" value="(\w+)"', owner.get("/dashboard/api-keys/create").content.decode())[0]}
    form |= {"name": "Till 3", "access": "all"}
    other.post("/dashboard/mode", {"mode": "live"})
    other.get("/dashboard/")
    answer = owner.post("/dashboard/api-keys/create", form)
    assertContains(answer, "Nothing was done", status_code=409)
    assertContains(answer, "you are now at Lumen, in live mode", status_code=409)
    assert keys() == 0
    other.post("/dashboard/mode", {"mode": "test"})
    owner.get("/dashboard/api-keys/create")
    assertContains(owner.post("/dashboard/api-keys/create", form), "It is not shown again")
    assert ApiKey.objects.for_merchant(tenant).count() == 1


def test_a_form_of_one_merchant_does_nothing_at_another(tenant: Tenant, owner: Window, other: Window) -> None:
    second = make_merchant("Second Shop")
    add_member(merchant_id=second.id, user_id=Membership.objects.get().user_id, role=Role.ADMIN)
    payment = pay(tenant)
    path, form = refund_form(owner, payment, "4.00")
    form["seat"] = owner.drawn_for
    other.post("/dashboard/merchant", {"merchant": second.public_id})
    for headers in ({}, {"HX-Request": "true"}):
        answer = owner.post(path, form, headers=headers)
        assertContains(answer, "you are now at Second Shop, in test mode", status_code=409)
    assert refunds_of(tenant).count() == 0


def test_a_form_that_says_nothing_of_it_is_refused(tenant: Tenant, owner: Window) -> None:
    payment = pay(tenant)
    path, form = refund_form(owner, payment, "4.00")
    assert Client.post(owner, path, form).status_code == 409
    assert refunds_of(tenant).count() == 0


def test_a_list_never_fills_with_what_the_other_window_chose(tenant: Tenant, owner: Window, other: Window) -> None:
    payment = pay(tenant)
    poll = {"HX-Request": "true"}
    assertContains(owner.get("/dashboard/payments"), payment.public_id)
    assertContains(owner.get("/dashboard/payments", headers=poll), payment.public_id)
    other.post("/dashboard/mode", {"mode": "live"})
    answer = owner.get("/dashboard/payments", headers=poll)
    assert (answer.status_code, answer.headers["HX-Refresh"], answer.content) == (204, "true", b"")
    assertNotContains(owner.get("/dashboard/payments"), payment.public_id)
    assertContains(owner.get("/dashboard/payments", headers=poll), "No payments yet")


def test_the_switches_work_from_a_page_of_the_other_mode(owner: Window, other: Window) -> None:
    owner.get("/dashboard/")
    other.post("/dashboard/mode", {"mode": "live"})
    assert owner.post("/dashboard/mode", {"mode": "test"}).status_code == 303
    assertContains(owner.get("/dashboard/"), "No real money moves here")
