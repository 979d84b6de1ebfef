"""A write whose answer could not be given as it is asked for is refused before it is carried out."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from gateway.core.tenancy import Tenant
from payments.models import Token
from payments.services.create_customer import create_customer
from tests.support.merchants import key_caller, make_tenant, person_caller

DOCUMENT = json.loads((Path(__file__).resolve().parents[2] / "docs" / "openapi.json").read_text())
WRITES = sorted(
    (method, re.sub(r"{\w+}", "x", path))
    for path, methods in DOCUMENT["paths"].items()
    for method in methods
    if method in ("post", "put", "patch", "delete") and not path.startswith("/auth/")
)


@pytest.fixture
def tenant(db: None) -> Tenant:
    return make_tenant()


@pytest.mark.parametrize("query", ["nobody_reads=1", "expand=nothing"])
def test_every_write_looks_at_its_query_first(tenant: Tenant, query: str) -> None:
    """Ids of these paths name nothing: whoever carried out the write first would answer 404."""
    callers = [key_caller(tenant), person_caller(tenant)]
    assert len(WRITES) > 20
    for method, path in WRITES:
        answers = [getattr(caller, method)(f"{path}?{query}", {}, format="json") for caller in callers]
        assert 400 in {answer.status_code for answer in answers}, (method, path)
        assert {answer.status_code for answer in answers} <= {400, 403}, (method, path)


@pytest.fixture
def api(tenant: Tenant) -> APIClient:
    return key_caller(tenant)


@pytest.mark.parametrize("query", ["foo=1", "expand=bogus"])
def test_nobody_is_erased_by_a_request_that_is_answered_400(tenant: Tenant, api: APIClient, query: str) -> None:
    customer = create_customer(tenant=tenant, email="mira@lumen.test", now=timezone.now())
    path = f"/api/v1/customers/{customer.public_id}"
    assert api.delete(f"{path}?{query}").status_code == 400
    assert api.patch(f"{path}?{query}", {"email": "other@lumen.test"}, format="json").status_code == 400
    assert api.get(path).json()["email"] == "mira@lumen.test"


def test_no_token_is_kept_by_a_request_that_is_answered_400(api: APIClient) -> None:
    card = {"number": "4242424242424242", "exp_month": 12, "exp_year": timezone.now().year + 3, "cvc": "123"}
    assert api.post("/api/v1/tokens?x=1", {"type": "card", "card": card}, format="json").status_code == 400
    assert Token.all_rows.count() == 0
