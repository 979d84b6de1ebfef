"""Refund, capture, cancel: once, by those who may, and refusals come back in the form."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from gateway.audit.models import AuditEntry
from gateway.core.tenancy import Tenant
from merchants.models import Merchant
from merchants.rules.permissions import Role
from payments.models import Payment
from payments.providers.base import Outcome, RefundFact
from refunds.models import Refund
from refunds.selectors.refunds import refunds_of
from refunds.services.create_refund import create_refund
from refunds.services.settle_refund import settle_refund
from tests.dashboard.conftest import signed_in
from tests.payments.factories import CHALLENGED, pay, reload
from tests.support.work import run_due_work


@pytest.fixture
def payment(tenant: Tenant) -> Payment:
    """A payment of EUR 10.00 that succeeded."""
    return pay(tenant)


def form_key(client: Client, path: str) -> str:
    """The key that the server put into this form."""
    found = re.search(r'name="[a-z]+-key" value="(form_[0-9a-f]{32})"', client.get(path).content.decode())
    assert found, path
    return found.group(1)


def refund_form(client: Client, payment: Payment, amount: str, **fields: str) -> tuple[str, dict[str, str]]:
    path = f"/dashboard/payments/{payment.public_id}/refund"
    key = form_key(client, path)
    return path, {"refund-key": key, "refund-amount": amount, "refund-reason": "duplicate", **fields}


def test_a_refund_is_opened_and_its_page_shown(payment: Payment, tenant: Tenant, owner: Client) -> None:
    path, form = refund_form(owner, payment, "4.00")
    answer = owner.post(path, form, follow=True)
    assertContains(answer, "Refund of EUR\N{NO-BREAK SPACE}4.00 is on its way")
    refund = refunds_of(tenant).get()
    assert (refund.amount, refund.reason, refund.status) == (400, "duplicate", "pending")
    entry = AuditEntry.objects.for_merchant(tenant).get(action="refund.created")
    assert entry.actor_kind == "person"
    run_due_work()
    assert reload(payment).amount_refunded == 400


def test_htmx_gets_the_rows_and_the_rest_of_the_page_out_of_band(payment: Payment, owner: Client) -> None:
    path, form = refund_form(owner, payment, "4,00")
    answer = owner.post(path, form, headers={"HX-Request": "true"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert answer.headers["HX-Retarget"] == "#payment-refunds"
    assert "dialog-done" in answer.headers["HX-Trigger"]
    assert page.index('id="payment-refunds"') < page.index("hx-swap-oob")
    for part in ("payment-amounts", "payment-head", "payment-timeline", "payment-dialogs"):
        assert f'id="{part}" hx-swap-oob="true"' in page
    assert "<html" not in page


def test_the_same_form_sent_twice_is_one_refund(payment: Payment, tenant: Tenant, owner: Client) -> None:
    path, form = refund_form(owner, payment, "4.00")
    for _ in range(3):
        assert owner.post(path, form).status_code == 303
    assert refunds_of(tenant).count() == 1
    assert reload(payment).amount_refund_pending == 400


def test_the_same_form_with_another_amount_is_refused(payment: Payment, tenant: Tenant, owner: Client) -> None:
    path, form = refund_form(owner, payment, "4.00")
    owner.post(path, form)
    answer = owner.post(path, {**form, "refund-amount": "5.00"})
    assert answer.status_code == 422
    assert refunds_of(tenant).count() == 1


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Enter an amount."),
        ("ten", "Write the amount in figures, like 25.00 or 1,000.00."),
        ("1e3", "Write the amount in figures, like 25.00 or 1,000.00."),
        ("-4", "Write the amount in figures, like 25.00 or 1,000.00."),
        ("4.001", "Write the amount in figures, like 25.00 or 1,000.00."),
        ("0", "Write the amount in figures, like 25.00 or 1,000.00."),
        ("10.01", "This is more than what can still be refunded of this payment."),
    ],
)
def test_a_refusal_comes_back_in_the_form(
    payment: Payment, tenant: Tenant, owner: Client, typed: str, words: str
) -> None:
    path, form = refund_form(owner, payment, typed)
    for headers in ({}, {"HX-Request": "true"}):
        answer = owner.post(path, form, headers=headers)
        assertContains(answer, words, status_code=422)
        assertContains(answer, 'id="form-refund"', status_code=422)
        assertContains(answer, 'name="refund-amount"', status_code=422)
    assert refunds_of(tenant).count() == 0
    assert reload(payment).amount_refund_pending == 0


def test_a_viewer_sees_no_button_and_is_refused(payment: Payment, tenant: Tenant, viewer: Client) -> None:
    path = f"/dashboard/payments/{payment.public_id}"
    assertNotContains(viewer.get(path), f"{path}/refund")
    assertContains(viewer.get(f"{path}/refund"), "You may not do that", status_code=403)
    assert viewer.post(f"{path}/refund", {"refund-amount": "4.00"}).status_code == 403
    assert viewer.post(f"{path}/cancel", {}).status_code == 403
    assert viewer.post(f"{path}/capture", {}).status_code == 403
    assert refunds_of(tenant).count() == 0


def test_support_may_refund_and_not_capture(tenant: Tenant) -> None:
    payment = pay(tenant, capture_method="manual")
    support = signed_in(tenant, Role.SUPPORT)
    path = f"/dashboard/payments/{payment.public_id}"
    assertNotContains(support.get(path), f"{path}/capture")
    assert support.post(f"{path}/capture", {}).status_code == 403
    assert reload(payment).amount_capture_pending == 0


def test_a_stranger_gets_404_and_nothing_changes(payment: Payment, owner: Client, stranger: Client) -> None:
    path, form = refund_form(owner, payment, "4.00")
    assert stranger.get(path).status_code == 404
    assert stranger.post(path, form).status_code == 404
    assert Refund.objects.unscoped("the test counts all").count() == 0


def test_a_capture_takes_a_part_and_gives_the_rest_back(tenant: Tenant, owner: Client) -> None:
    payment = pay(tenant, capture_method="manual")
    path = f"/dashboard/payments/{payment.public_id}/capture"
    form = {"capture-key": form_key(owner, path), "capture-amount": "6.00", "capture-final": "on"}
    assert owner.post(path, form).status_code == 303
    run_due_work()
    taken = reload(payment)
    assert (taken.status, taken.amount_captured) == ("succeeded", 600)


def test_a_waiting_payment_can_be_canceled(tenant: Tenant, owner: Client) -> None:
    payment = pay(tenant, card=CHALLENGED)
    assert payment.status == "requires_action"
    path = f"/dashboard/payments/{payment.public_id}/cancel"
    assert owner.post(path, {"cancel-key": form_key(owner, path)}).status_code == 303
    run_due_work()
    assert reload(payment).status == "canceled"


def test_only_what_is_possible_is_offered(tenant: Tenant, owner: Client) -> None:
    offered = {
        "succeeded": (pay(tenant), {"refund"}),
        "authorized": (pay(tenant, capture_method="manual"), {"capture", "cancel"}),
        "waiting": (pay(tenant, card=CHALLENGED), {"cancel"}),
        "declined": (pay(tenant, card="4000000000009995"), set[str]()),
    }
    for name, (payment, expected) in offered.items():
        page = owner.get(f"/dashboard/payments/{payment.public_id}").content.decode()
        assert set(re.findall(r'data-open-dialog="dialog-([a-z]+)"', page)) == expected, name


def test_a_pending_refund_can_be_taken_back(payment: Payment, tenant: Tenant, owner: Client, viewer: Client) -> None:
    owner.post(*refund_form(owner, payment, "4.00"))
    refund = refunds_of(tenant).get()
    path = f"/dashboard/refunds/{refund.public_id}/cancel"
    assert viewer.post(path).status_code == 403
    assertContains(owner.post(path, follow=True), "The refund was canceled")
    refund.refresh_from_db()
    assert refund.status == "canceled"
    assertContains(owner.post(path, follow=True), "A refund that is canceled cannot be canceled.")


def test_a_refund_is_shown_on_its_way_and_coming_back_with_its_fee(
    payment: Payment, tenant: Tenant, owner: Client
) -> None:
    Merchant.objects.filter(id=tenant.merchant_id).update(fee_on_refund="return")
    refund = create_refund(tenant=tenant, payment_id=payment.id, amount=500, now=timezone.now())
    page = f"/dashboard/payments/{payment.public_id}"
    fact = RefundFact("fref_1", refund.public_id, 500, Outcome.PENDING)

    settle_refund(refund_id=refund.id, fact=fact, now=timezone.now())
    waiting = owner.get(page)
    settle_refund(refund_id=refund.id, fact=replace(fact, outcome=Outcome.SUCCEEDED), now=timezone.now())
    done = owner.get(page)
    settle_refund(refund_id=refund.id, fact=replace(fact, outcome=Outcome.FAILED, was_sent=True), now=timezone.now())
    returned = owner.get(page)

    assertContains(waiting, "Refund under way")
    assertNotContains(waiting, "Refund succeeded")
    for words in ("Refund succeeded: EUR\N{NO-BREAK SPACE}5.00", "Returned fee posted", "Fee returned"):
        assertContains(done, words)
    assertContains(returned, "Refund failed: EUR\N{NO-BREAK SPACE}5.00")
    for words in ("Returned refund posted back", "Returned fee taken again", "bank returned the money"):
        assertContains(returned, words)
    assertNotContains(returned, "Refund under way")
