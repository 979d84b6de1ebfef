"""Against people who try out cards: declines and distinct cards count, successes do not."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from checkout.models import Attempt
from gateway.core.tenancy import Tenant
from payments.models import Order, Payment, Token
from tests.checkout.visits import Visit
from tests.payments.factories import DECLINED, make_order
from tests.support.work import run_due_work

pytestmark = pytest.mark.usefixtures("one_window")


def limited(settings: Settings, **limits: int) -> None:
    changed = {name: (limit, 600) for name, limit in limits.items()}
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, **changed}


def declined(visit: Visit, on_commit: DjangoCaptureOnCommitCallbacks, number: str = DECLINED) -> Visit:
    visit.pay(number)
    with on_commit(execute=True):
        run_due_work()
        visit.open(visit.path)
    return visit


def test_after_too_many_declines_from_one_address_no_card_is_tried(
    order: Order,
    tenant: Tenant,
    customer: Client,
    settings: Settings,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    limited(settings, checkout_declines_ip=2)
    visit = Visit(customer).enter(order)
    declined(visit, django_capture_on_commit_callbacks)
    declined(visit, django_capture_on_commit_callbacks)
    tokens = Token.objects.for_merchant(tenant).count()
    visit.pay()
    assert visit.status == 429
    assert "Too many attempts. Nothing was charged." in visit.words
    assert Token.objects.for_merchant(tenant).count() == tokens == 2
    assert Payment.objects.for_merchant(tenant).count() == 2
    assert Attempt.objects.for_merchant(tenant).filter(ended_at=None).count() == 0
    other = Visit(customer).enter(make_order(tenant, 100)).pay()
    assert other.status == 429
    neighbour = Visit(Client(REMOTE_ADDR="198.51.100.7")).enter(make_order(tenant, 100)).pay()
    assert "Confirming" in neighbour.words


def test_a_card_that_was_declined_too_often_is_not_tried_from_anywhere(
    order: Order,
    tenant: Tenant,
    settings: Settings,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    limited(settings, checkout_declines_card=2)
    for address in ("198.51.100.1", "198.51.100.2"):
        visit = Visit(Client(REMOTE_ADDR=address)).enter(make_order(tenant, 100))
        declined(visit, django_capture_on_commit_callbacks)
    visit = Visit(Client(REMOTE_ADDR="198.51.100.3")).enter(order)
    assert visit.pay(DECLINED).status == 429
    assert "Confirming" in visit.pay().words


def test_distinct_declined_cards_count_and_the_same_card_counts_once(
    tenant: Tenant,
    customer: Client,
    settings: Settings,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    limited(settings, checkout_cards_ip=2)
    visit = Visit(customer).enter(make_order(tenant, 100))
    declined(visit, django_capture_on_commit_callbacks)
    declined(visit, django_capture_on_commit_callbacks)
    assert visit.pay().status == 200
    visit = Visit(customer).enter(make_order(tenant, 100))
    declined(visit, django_capture_on_commit_callbacks, "4000000000000002")
    assert visit.pay().status == 429


def test_successes_do_not_count_as_declines(
    tenant: Tenant,
    customer: Client,
    settings: Settings,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    limited(settings, checkout_declines_ip=1, checkout_cards_ip=1)
    for _ in range(3):
        visit = Visit(customer).enter(make_order(tenant, 100)).pay()
        with django_capture_on_commit_callbacks(execute=True):
            run_due_work()
        assert "Payment complete" in visit.open(visit.path).words


def test_presses_of_pay_are_limited_by_address(tenant: Tenant, customer: Client, settings: Settings) -> None:
    limited(settings, checkout_submit_ip=1)
    assert Visit(customer).enter(make_order(tenant, 100)).pay().status == 200
    assert Visit(customer).enter(make_order(tenant, 100)).pay().status == 429
