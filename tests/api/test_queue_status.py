"""Everybody sees their own work; staff see all of it."""

import uuid

import pytest
from rest_framework.test import APIClient

from gateway.core.tenancy import Tenant
from gateway.work.models import Work
from merchants.rules.permissions import Role
from tests.support.merchants import key_caller, make_tenant, person_caller, publishable_caller

pytestmark = pytest.mark.django_db
STATUS = "/api/v1/queue/status"


def add_due_row(tenant: Tenant) -> None:
    from django.utils import timezone

    Work.objects.create(
        kind="payments.carry_out_operation",
        subject_id=uuid.uuid4(),
        queue="payments",
        merchant_id=tenant.merchant_id,
        livemode=tenant.livemode,
        run_at=timezone.now(),
    )


def due(client: APIClient) -> int:
    answer = client.get(STATUS)
    assert answer.status_code == 200
    return sum(queue["due"] for queue in answer.json()["queues"])


def test_a_merchant_sees_its_own_work_in_its_own_mode_and_staff_see_all() -> None:
    tenant, other = make_tenant(), make_tenant()
    add_due_row(tenant)
    add_due_row(other)
    add_due_row(Tenant(tenant.merchant_id, True))

    assert due(key_caller(tenant)) == 1
    assert due(person_caller(tenant, Role.VIEWER)) == 1
    assert due(key_caller(make_tenant())) == 0
    assert due(person_caller(other, Role.ADMIN, is_staff=True)) == 3


def test_each_queue_says_how_it_is() -> None:
    tenant = make_tenant()
    add_due_row(tenant)

    body = key_caller(tenant).get(STATUS).json()

    assert (body["object"], body["scope"]) == ("queue_status", "merchant")
    queue = next(one for one in body["queues"] if one["queue"] == "payments")
    assert set(queue) == {"queue", "due", "running", "retrying", "quarantined", "oldest_age_s", "workers_alive"}
    assert (queue["due"], queue["running"], queue["workers_alive"]) == (1, 0, 0)


def test_who_may_not_see_it() -> None:
    tenant = make_tenant()

    assert key_caller(tenant, ["payments:read"]).get(STATUS).status_code == 403
    assert publishable_caller(tenant).get(STATUS).status_code == 403
    assert APIClient().get(STATUS).status_code == 401
