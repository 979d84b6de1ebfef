"""Merchants, people and callers for tests: made by the services, as everybody makes them."""

import itertools
from typing import Any

from rest_framework.test import APIClient

from gateway.core.tenancy import Tenant
from merchants.models import ApiKey, Merchant, User
from merchants.rules.permissions import Role
from merchants.services.add_member import add_member
from merchants.services.create_api_key import create_api_key
from merchants.services.create_merchant import create_merchant
from merchants.services.create_publishable_key import create_publishable_key
from merchants.services.create_user import create_user

PASSWORD = "correct horse battery staple"
_number = itertools.count(1)


def make_merchant(name: str = "Lumen Supply Co.", **fields: Any) -> Merchant:
    """A merchant of its own."""
    return create_merchant(name=name, slug=f"merchant-{next(_number)}", **fields)


def make_tenant(*, livemode: bool = False) -> Tenant:
    """A merchant of its own in a mode."""
    return Tenant(make_merchant().id, livemode)


def make_person(merchant: Merchant | Tenant | None = None, role: Role = Role.ADMIN, **fields: Any) -> User:
    """A person, who is a member of this merchant in this role."""
    person = create_user(email=f"person-{next(_number)}@demo.test", name="Ada Person", password=PASSWORD, **fields)
    if merchant is not None:
        merchant_id = merchant.merchant_id if isinstance(merchant, Tenant) else merchant.id
        add_member(merchant_id=merchant_id, user_id=person.id, role=role)
    return person


def make_key(tenant: Tenant, scopes: list[str] | None = None, **fields: Any) -> tuple[ApiKey, str]:
    """An API key and its secret."""
    return create_api_key(tenant=tenant, scopes=scopes, **{"name": "Test key"} | fields)


def caller(key_id: str, secret: str = "") -> APIClient:
    """A client of the API with this key (a publishable one has no secret)."""
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_X_API_KEY=key_id, HTTP_X_API_SECRET=secret)
    return client


def key_caller(tenant: Tenant, scopes: list[str] | None = None) -> APIClient:
    """A client with a new API key of this tenant."""
    key, secret = make_key(tenant, scopes)
    return caller(key.key_id, secret)


def publishable_caller(tenant: Tenant) -> APIClient:
    """A client with a new publishable key of this tenant."""
    return caller(create_publishable_key(tenant=tenant, name="Shop").value)


def person_caller(tenant: Tenant, role: Role = Role.ADMIN, **fields: Any) -> APIClient:
    """A client that is signed in as a new member of this tenant's merchant."""
    person = make_person(tenant, role, **fields)
    client = APIClient(raise_request_exception=False)
    answer = client.post(
        "/auth/token", {"email": person.email, "password": PASSWORD, "livemode": tenant.livemode}, format="json"
    )
    assert answer.status_code == 201, answer.content
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access']}")
    return client
