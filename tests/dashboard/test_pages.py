"""Every page, for everybody: the owner sees it, the colleague sees it, the stranger and the passer-by do not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects
from pytest_django.fixtures import DjangoAssertNumQueries

from dashboard.forms.fields import new_form_key
from gateway.core.tenancy import Tenant
from gateway.events.selectors.events import list_events
from merchants.models import ApiKey
from payments.models import Payment
from refunds.services.create_refund import create_refund
from tests.payments.factories import pay
from tests.support.merchants import make_key
from tests.support.work import run_due_work
from webhooks.selectors.deliveries import deliveries_of
from webhooks.services.create_endpoint import create_endpoint

LISTS = (
    "",
    "payments",
    "orders",
    "refunds",
    "settlements",
    "anomalies",
    "webhooks",
    "deliveries",
    "events",
    "api-keys",
)


@pytest.fixture
def payment(tenant: Tenant) -> Payment:
    """A payment with a refund, events and deliveries to an address that does not answer."""
    create_endpoint(tenant=tenant, url="https://example.com/hooks", now=timezone.now())
    made = pay(tenant)
    create_refund(tenant=tenant, payment_id=made.id, amount=400, now=timezone.now())
    return made


@pytest.mark.parametrize("page", LISTS)
def test_a_list_is_shown_to_owner_and_colleague(page: str, payment: Payment, owner: Client, viewer: Client) -> None:
    for client in (owner, viewer):
        assert client.get(f"/dashboard/{page}").status_code == 200


@pytest.mark.parametrize("page", LISTS)
def test_a_list_asks_a_passer_by_to_sign_in_and_to_come_back(page: str, db: None) -> None:
    answer = Client().get(f"/dashboard/{page}")
    assertRedirects(answer, f"/dashboard/sign-in?next=/dashboard/{page}", fetch_redirect_response=False)


@pytest.mark.parametrize("page", LISTS)
def test_a_list_shows_a_stranger_nothing_of_this_merchant(page: str, payment: Payment, stranger: Client) -> None:
    answer = stranger.get(f"/dashboard/{page}").content.decode()
    for known in (payment.public_id, payment.order.public_id, "example.com"):
        assert known not in answer


def test_a_detail_page_is_another_merchants_404(
    payment: Payment, tenant: Tenant, owner: Client, viewer: Client, stranger: Client
) -> None:
    run_due_work()
    key, _secret = make_key(tenant)
    delivery = deliveries_of(tenant)[0]
    event = list_events(tenant).order_by("-id")[0]
    paths = [
        f"payments/{payment.public_id}",
        f"orders/{payment.order.public_id}",
        f"webhooks/{delivery.endpoint.public_id}",
        f"deliveries/{delivery.public_id}",
        f"events/{event.public_id}",
    ]
    for path in paths:
        assert owner.get(f"/dashboard/{path}").status_code == 200, path
        assert viewer.get(f"/dashboard/{path}").status_code == 200, path
        assert stranger.get(f"/dashboard/{path}").status_code == 404, path
    for path in (f"api-keys/{key.public_id}/revoke", f"api-keys/{key.public_id}/rotate"):
        assert owner.get(f"/dashboard/{path}").status_code == 200, path
        assert viewer.get(f"/dashboard/{path}").status_code == 403, path
        assert stranger.get(f"/dashboard/{path}").status_code == 404, path


def test_an_id_that_is_none_is_404(owner: Client) -> None:
    for path in ("payments/pay_nonsense", "orders/1", "webhooks/x", "deliveries/pay_1", "events/evt_"):
        assert owner.get(f"/dashboard/{path}").status_code == 404


def test_the_number_of_queries_does_not_grow_with_the_rows(
    tenant: Tenant, owner: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    create_endpoint(tenant=tenant, url="https://example.com/hooks", now=timezone.now())
    for _ in range(6):
        pay(tenant)
    for page, most in {
        "payments": 5, "orders": 5, "refunds": 5, "deliveries": 5, "events": 5, "webhooks": 5, "api-keys": 6, "": 24,
    }.items():  # fmt: skip
        with django_assert_max_num_queries(most):
            assert owner.get(f"/dashboard/{page}").status_code == 200


def test_a_payments_page_has_a_fixed_number_of_queries(
    payment: Payment, owner: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(17):
        page = owner.get(f"/dashboard/payments/{payment.public_id}")
    assertContains(page, "Payment succeeded")
    assertContains(page, "Routed to Fake")
    assertContains(page, "Provider clearing")
    assertContains(page, payment.public_id)


def test_empty_lists_teach_the_next_step(owner: Client) -> None:
    for page, words in {
        "payments": "No payments yet",
        "orders": "No orders yet",
        "refunds": "No refunds yet",
        "settlements": "No settlement files yet",
        "anomalies": "Nothing waits for you",
        "anomalies?status=resolved": "Nothing was resolved yet",
        "deliveries": "No deliveries yet",
        "events": "No events yet",
        "webhooks": "No endpoint yet",
        "api-keys": "No secret key",
    }.items():
        assertContains(owner.get(f"/dashboard/{page}"), words)


@pytest.mark.parametrize("page", ["payments", "orders", "refunds", "deliveries", "events"])
def test_a_day_at_the_end_of_the_calendar_is_refused_beside_its_field(page: str, owner: Client) -> None:
    for field in ("start", "end"):
        assertContains(owner.get(f"/dashboard/{page}?{field}=9999-12-31"), "Choose a day before the year 3000.")
    for query in ("start=0001-01-01&end=0001-01-01", "start=2999-12-31&end=2999-12-31"):
        assertNotContains(owner.get(f"/dashboard/{page}?{query}"), "Choose a day")


def test_a_key_lasts_until_a_day_that_can_be_reached(tenant: Tenant, owner: Client) -> None:
    form = {"key": new_form_key(), "name": "Till 3", "access": "all"}
    answer = owner.post("/dashboard/api-keys/create", {**form, "expires": "9999-12-31"})
    assertContains(answer, "Choose a day before the year 3000.", status_code=422)
    assert not ApiKey.objects.for_merchant(tenant).exists()
    assert owner.post("/dashboard/api-keys/create", {**form, "expires": "2999-12-31"}).status_code == 200
    assert ApiKey.objects.for_merchant(tenant).get().expires_at == datetime(3000, 1, 1, tzinfo=UTC)
    assert owner.get("/dashboard/api-keys").status_code == 200
