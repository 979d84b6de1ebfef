"""Staff pages: who gets in, what may be read, what may be changed, and that every change is in the audit log."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from gateway.audit.models import AuditEntry
from gateway.core.ids import new_id
from gateway.core.tenancy import Tenant
from gateway.work import states
from gateway.work.models import Work
from merchants.models import Membership, Merchant, User
from payments.models import ProviderAccount
from tests.payments.factories import pay
from tests.support.merchants import PASSWORD, make_key, make_person
from tests.support.work import run_due_work
from webhooks.services.create_endpoint import create_endpoint

CHANGEABLE = {"user", "merchant", "membership", "provideraccount"}
OURS = {"audit", "events", "ledger", "merchants", "observability", "payments", "refunds", "webhooks", "work"}


@pytest.fixture
def staff(db: None) -> Client:
    """A member of staff, signed in where everybody signs in."""
    person, client = make_person(is_staff=True, is_superuser=True), Client()
    answer = client.post("/dashboard/sign-in", {"email": person.email, "password": PASSWORD, "next": "/staff/"})
    assert answer.headers["Location"] == "/staff/"
    return client


def our_models() -> list[str]:
    """`app_model` of every page that is registered for our apps."""
    return sorted(
        f"{model._meta.app_label}_{model._meta.model_name}"
        for model in admin.site._registry
        if model._meta.app_label in OURS
    )


def audited(action: str) -> AuditEntry:
    return AuditEntry.objects.unscoped("the test looks at all").get(action=action)


def test_only_staff_get_in(owner: Client, staff: Client) -> None:
    assert staff.get("/staff/").status_code == 200
    assert owner.get("/staff/").status_code == 302
    assert Client().get("/staff/payments/payment/").headers["Location"].startswith("/staff/login/")
    assert Client().get("/staff/login/?next=/staff/").headers["Location"] == "/dashboard/sign-in?next=/staff/"


def test_who_is_not_staff_is_told_so_and_sent_nowhere(tenant: Tenant, owner: Client) -> None:
    signed_in_before = owner.get("/staff/payments/payment/", follow=True)
    assertContains(signed_in_before, "You may not see this", status_code=403)
    assert [status for _url, status in signed_in_before.redirect_chain] == [302]
    form = {"email": make_person(tenant).email, "password": PASSWORD, "next": "/staff/"}
    assertContains(Client().post("/dashboard/sign-in", form, follow=True), "You may not see this", status_code=403)
    assertContains(Client().get("/staff/", follow=True), "Sign in")


def test_every_list_and_every_row_can_be_read(tenant: Tenant, staff: Client) -> None:
    create_endpoint(tenant=tenant, url="https://example.com/hooks", now=timezone.now())
    pay(tenant)
    make_key(tenant)
    run_due_work()
    for name in our_models():
        page = staff.get(reverse(f"admin:{name}_changelist"))
        assert page.status_code == 200, name
        row = page.context["cl"].queryset.first()
        if row is not None:
            assert staff.get(reverse(f"admin:{name}_change", args=[row.pk])).status_code == 200, name


def test_what_is_true_for_ever_can_be_neither_added_nor_changed_nor_deleted(tenant: Tenant, staff: Client) -> None:
    pay(tenant)
    for name in our_models():
        if name.partition("_")[2] in CHANGEABLE:
            continue
        assert staff.get(reverse(f"admin:{name}_add")).status_code == 403, name
        row = staff.get(reverse(f"admin:{name}_changelist")).context["cl"].queryset.first()
        if row is not None:
            assert staff.post(reverse(f"admin:{name}_change", args=[row.pk]), {"amount": 1}).status_code == 403, name
            assert staff.post(reverse(f"admin:{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403, name


def test_secrets_are_on_no_page(tenant: Tenant, staff: Client) -> None:
    account = ProviderAccount.objects.for_merchant(tenant).get()
    page = staff.get(reverse("admin:payments_provideraccount_change", args=[account.pk]))
    assertNotContains(page, account.secrets_sealed)
    assertNotContains(page, "secrets")
    key, secret = make_key(tenant)
    page = staff.get(reverse("admin:merchants_apikey_change", args=[key.pk]))
    assertContains(page, key.key_id)
    for hidden in (secret, key.secret_hash):
        assertNotContains(page, hidden)


def test_switching_a_provider_account_off_is_recorded(tenant: Tenant, staff: Client) -> None:
    account = ProviderAccount.objects.for_merchant(tenant).get()
    staff.post(reverse("admin:payments_provideraccount_change", args=[account.pk]), {"name": account.name})
    account.refresh_from_db()
    assert not account.is_active
    entry = audited("provideraccount.changed_by_staff")
    assert (entry.actor_kind, entry.data, entry.merchant_id) == (
        "staff",
        {"fields": ["is_active"]},
        tenant.merchant_id,
    )


def test_what_becomes_of_the_fee_on_a_refund_is_set_by_staff_and_recorded(tenant: Tenant, staff: Client) -> None:
    merchant = Merchant.objects.get(pk=tenant.merchant_id)
    assert merchant.fee_on_refund == "keep"
    path = reverse("admin:merchants_merchant_change", args=[merchant.pk])
    present = staff.get(path).context["adminform"].form.initial
    form = {name: "" if value is None else value for name, value in present.items()} | {"fee_on_refund": "return"}

    assert staff.post(path, form).status_code == 302

    merchant.refresh_from_db()
    assert merchant.fee_on_refund == "return"
    assert audited("merchant.changed_by_staff").data == {"fields": ["fee_on_refund"]}


def test_a_person_is_made_with_a_password_and_a_place(tenant: Tenant, staff: Client) -> None:
    form = {"email": "New@Demo.test", "name": "Noor", "is_active": "on", "new_password": "short"}
    assertContains(staff.post(reverse("admin:merchants_user_add"), form), "too short")
    staff.post(reverse("admin:merchants_user_add"), {**form, "new_password": PASSWORD})
    person = User.objects.get(email="new@demo.test")
    assert person.check_password(PASSWORD)
    assert PASSWORD not in str(audited("user.created_by_staff").data)
    merchant = Merchant.objects.get(pk=tenant.merchant_id)
    membership = {"user": person.pk, "merchant": merchant.pk, "role": "payment_viewer"}
    staff.post(reverse("admin:merchants_membership_add"), membership)
    assert Membership.objects.get(user=person).role == "payment_viewer"
    assert audited("membership.created_by_staff").data == {"fields": ["merchant", "role", "user"]}


def test_staff_with_some_rights_give_themselves_no_others(tenant: Tenant, staff: Client) -> None:
    clerk, above = make_person(is_staff=True), User.objects.get(is_superuser=True)
    names = ("view_user", "change_user", "add_user", "view_work")
    clerk.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(clerk, backend="django.contrib.auth.backends.ModelBackend")
    form = {"email": clerk.email, "name": "Clerk", "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    client.post(reverse("admin:merchants_user_change", args=[clerk.pk]), form)
    clerk.refresh_from_db()
    assert (clerk.name, clerk.is_superuser) == ("Clerk", False)
    path = reverse("admin:merchants_user_change", args=[above.pk])
    assert client.post(path, {**form, "email": above.email, "new_password": "taken-over-42!"}).status_code == 403
    above.refresh_from_db()
    assert above.check_password(PASSWORD)

    stuck = Work.objects.create(kind="webhooks.deliver", subject_id=new_id(), queue="webhooks", state="quarantined")
    client.post(reverse("admin:work_work_changelist"), {"action": "release_work", "_selected_action": [str(stuck.pk)]})
    stuck.refresh_from_db()
    assert stuck.state == states.QUARANTINED


def test_stuck_work_is_released_and_recorded(tenant: Tenant, staff: Client) -> None:
    stuck = Work.objects.create(
        kind="webhooks.deliver", subject_id=new_id(), queue="webhooks", merchant_id=tenant.merchant_id, livemode=False,
        state=states.QUARANTINED, strikes=5, error="KeyError",
    )  # fmt: skip
    path = reverse("admin:work_work_changelist")
    answer = staff.post(path, {"action": "release_work", "_selected_action": [str(stuck.pk)]}, follow=True)
    assertContains(answer, "1 released")
    stuck.refresh_from_db()
    assert (stuck.state, stuck.strikes, stuck.error) == (states.WAITING, 0, "")
    assert audited("work.released").data == {"kind": "webhooks.deliver", "subject": str(stuck.subject_id)}
