"""Merchants, people, members and keys as the services make them."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from gateway.audit.models import AuditEntry
from gateway.core.clock import offset_of
from gateway.core.errors import Invalid, NotFound
from gateway.core.tenancy import Tenant
from merchants.errors import EmailTaken, SlugTaken
from merchants.models import Membership, Merchant, User
from merchants.rules.permissions import (
    KEY_PERMISSIONS,
    PERMISSIONS,
    PUBLISHABLE_PERMISSIONS,
    ROLE_PERMISSIONS,
    Role,
    permissions_of,
)
from merchants.selectors.fee_policy import FeePolicy, fee_policy
from merchants.selectors.merchant_by_id import merchant_by_id
from merchants.services.add_member import add_member
from merchants.services.create_merchant import create_merchant
from merchants.services.create_publishable_key import create_publishable_key
from merchants.services.create_user import create_user
from merchants.services.revoke_api_key import revoke_api_key
from merchants.services.rotate_api_key import rotate_api_key
from tests.support.merchants import PASSWORD, make_key, make_merchant, make_person

pytestmark = pytest.mark.django_db


def test_a_short_name_belongs_to_one_merchant() -> None:
    create_merchant(name="Lumen", slug="lumen")

    with pytest.raises(SlugTaken):
        create_merchant(name="Another", slug="lumen")
    assert Merchant.objects.get().name == "Lumen"


def test_an_address_belongs_to_one_person_in_any_case() -> None:
    create_user(email="Ada@Demo.Test", name="Ada", password=PASSWORD)

    with pytest.raises(EmailTaken):
        create_user(email="aDA@demo.test", name="Eve", password=PASSWORD)
    assert User.objects.get().email == "ada@demo.test"


@pytest.mark.parametrize("password", ["short", "password1234", "ada@demo.test"])
def test_a_weak_password_is_refused(password: str) -> None:
    with pytest.raises(Invalid) as refused:
        create_user(email="ada@demo.test", name="Ada", password=password)

    assert refused.value.errors[0].field == "password"
    assert not User.objects.exists()


def test_a_member_has_one_role_at_a_merchant() -> None:
    merchant, person = make_merchant(), make_person()

    add_member(merchant_id=merchant.id, user_id=person.id, role=Role.VIEWER)
    add_member(merchant_id=merchant.id, user_id=person.id, role=Role.SUPPORT)

    assert Membership.objects.get().role == "payment_support"


def test_every_change_is_audited_without_any_secret() -> None:
    merchant = make_merchant()
    tenant = Tenant(merchant.id, False)
    person = make_person(merchant)
    key, secret = make_key(tenant)
    new, new_secret = rotate_api_key(tenant=tenant, api_key_id=key.id)
    revoke_api_key(tenant=tenant, api_key_id=new.id)
    revoke_api_key(tenant=tenant, api_key_id=new.id)
    create_publishable_key(tenant=tenant, name="Shop")

    entries = list(
        AuditEntry.objects.unscoped("what the test did").order_by("id").values("action", "subject_id", "data")
    )

    assert [entry["action"] for entry in entries] == [
        "merchant.created",
        "user.created",
        "member.added",
        "api_key.created",
        "api_key.rotated",
        "api_key.revoked",
        "publishable_key.created",
    ]
    assert entries[4]["subject_id"] == str(key.id)
    for hidden in (secret, new_secret, PASSWORD, person.email):
        assert hidden not in str(entries)


def test_roles_hold_what_the_specification_says() -> None:
    assert permissions_of("payment_admin") == frozenset(PERMISSIONS)
    assert {"payments:write", "payments:capture", "orders:write"} <= permissions_of("payment_operator")
    assert "refunds:write" not in permissions_of("payment_operator")
    assert "refunds:write" in permissions_of("payment_support")
    assert "payments:write" not in permissions_of("payment_support")
    assert all(name.endswith(":read") for name in permissions_of("payment_viewer"))
    assert all(held <= frozenset(PERMISSIONS) for held in ROLE_PERMISSIONS.values())
    assert {"tokens:write", "checkout:read"} == PUBLISHABLE_PERMISSIONS
    assert "team:write" not in KEY_PERMISSIONS


def test_the_database_refuses_what_no_service_would_write() -> None:
    merchant = make_merchant()
    for change in (
        {"fee_basis_points": 10_001},
        {"fee_fixed": -1},
        {"default_currency": "eur"},
        {"brand_color": "red"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Merchant.objects.filter(pk=merchant.pk).update(**change)


def test_the_fee_follows_the_merchants_policy() -> None:
    merchant = make_merchant(fee_basis_points=290, fee_fixed=30)

    assert fee_policy(merchant.id) == FeePolicy(290, 30)
    assert fee_policy(merchant.id).fee_on(10_000) == 320


def test_the_test_clock_moves_test_mode_only() -> None:
    merchant = make_merchant()
    Merchant.objects.filter(pk=merchant.pk).update(test_clock_offset=timedelta(days=3))

    assert offset_of(merchant.id, False) == timedelta(days=3)
    assert offset_of(merchant.id, True) == timedelta()


def test_a_merchant_that_does_not_exist_is_not_found() -> None:
    with pytest.raises(NotFound):
        merchant_by_id(Tenant(make_person().id, False).merchant_id)
