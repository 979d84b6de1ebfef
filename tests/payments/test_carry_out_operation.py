"""Asking the provider: what may be sent again, and what resolves an answer that never came."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from gateway.core.tenancy import Tenant
from gateway.work.models import Work
from gateway.work.services.claim import Claim, claim_next
from gateway.work.services.run import run
from payments.models import Operation
from payments.providers.base import AccountCredentials, AuthorizeRequest, Observation, Outcome
from payments.services.settle_operation import settle_operation
from tests.payments.factories import (
    event_types,
    make_order,
    make_tenant,
    operations,
    order_of,
    pay,
    postings,
    reload,
    start_payment,
)
from tests.support.fake_provider import FakeProvider
from tests.support.work import run_due_work


def run_once() -> None:
    """The next attempt, and nothing after it."""
    Work.objects.filter(kind="payments.carry_out_operation").update(run_at=timezone.now() - timedelta(seconds=1))
    claim = claim_next("payments")
    assert claim is not None
    run(claim)


@pytest.mark.parametrize("fault", ["lost_before", "lost_after"])
def test_no_answer_is_unknown_and_the_same_key_is_sent_again(
    tenant: Tenant, provider: FakeProvider, fault: str
) -> None:
    provider.next_faults.append(fault)
    payment = pay(tenant)
    (operation,) = operations(payment)
    assert (payment.status, operation.status) == ("processing", "unknown")
    run_due_work(forward=True)
    assert reload(payment).status == "succeeded"
    assert provider.sent == [("authorize", operation.public_id)] * 2
    assert provider.only.fact().amount_captured == 1000
    assert postings()["provider_clearing"] == 1000


@pytest.mark.parametrize("fault", ["not_sent", "rate_limited"])
def test_what_was_definitely_not_done_is_sent_again(tenant: Tenant, provider: FakeProvider, fault: str) -> None:
    provider.next_faults.append(fault)
    payment = pay(tenant)
    assert [one.status for one in operations(payment)] == ["created"]
    run_due_work(forward=True)
    assert reload(payment).status == "succeeded"


def test_not_done_on_a_second_try_says_nothing_of_the_first(tenant: Tenant, provider: FakeProvider) -> None:
    provider.next_faults.append("lost_after")
    payment = pay(tenant)
    provider.answers, kept = {}, provider.answers  # as if the second request were refused before it reached anybody
    provider.next_faults.append("refused")
    run_once()
    assert (reload(payment).status, operations(payment)[0].status) == ("processing", "unknown")
    provider.answers = kept
    run_due_work(forward=True)
    assert reload(payment).status == "succeeded"


def test_what_the_provider_refuses_to_do_fails_the_payment(tenant: Tenant, provider: FakeProvider) -> None:
    provider.next_faults.append("refused")
    payment = pay(tenant)
    assert payment.status == "failed"
    assert payment.failure is not None
    assert payment.failure["code"] == "not_supported"
    assert order_of(payment).live_payment_id is None


@pytest.mark.parametrize("fault", ["refused", "rate_limited"])
def test_not_done_by_a_paused_worker_says_nothing_of_the_one_that_took_over(
    tenant: Tenant, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    payment = start_payment(tenant, make_order(tenant))
    (operation,) = operations(payment)
    original = provider.authorize

    def authorize(account: AccountCredentials, request: AuthorizeRequest) -> Observation:
        # Meanwhile another worker has the row, sends under the same key, and gets no answer.
        Operation.all_rows.filter(id=operation.id).update(status="unknown", attempts=2)
        return original(account, request)

    monkeypatch.setattr(provider, "authorize", authorize)
    provider.next_faults.append(fault)
    run_once()
    assert (reload(payment).status, operations(payment)[0].status) == ("processing", "unknown")


def test_nothing_is_sent_that_could_outlive_the_lease_after_a_wait_for_the_database(
    tenant: Tenant, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = start_payment(tenant, make_order(tenant))
    looks = iter([True, False])
    with monkeypatch.context() as context:
        context.setattr(Claim, "has_time", lambda _claim, _seconds: next(looks))
        run_once()
    assert (provider.sent, [one.status for one in operations(payment)]) == ([], ["created"])
    run_due_work(forward=True)
    assert (reload(payment).status, len(provider.sent)) == ("succeeded", 1)


@pytest.mark.parametrize("fault", ["lost_before", "lost_after", "not_sent"])
def test_after_a_quarter_of_an_hour_nobody_is_charged_any_more(
    tenant: Tenant, provider: FakeProvider, fault: str
) -> None:
    provider.next_faults.append(fault)
    payment = pay(tenant)
    with time_machine.travel(timezone.now() + timedelta(minutes=16), tick=True):
        run_due_work(forward=True)
    payment = reload(payment)
    assert provider.sent[-1] == ("void_if_absent", operations(payment)[0].public_id)
    if fault == "lost_after":  # it had happened: the provider's word is taken
        assert payment.status == "succeeded"
        return
    assert payment.status == "failed"
    assert payment.failure is not None
    assert payment.failure["code"] == "not_sent_in_time"
    assert provider.payments == {}
    assert postings() == {}


def test_news_that_come_twice_change_nothing_more(tenant: Tenant, provider: FakeProvider) -> None:
    payment = pay(tenant)
    version, events, booked = payment.version, event_types(), postings()
    (operation,) = operations(payment)
    again = provider.answers[operation.public_id]
    assert again.outcome == Outcome.SUCCEEDED
    settle_operation(operation_id=operation.id, observation=again, now=timezone.now())
    assert (reload(payment).version, event_types(), postings()) == (version, events, booked)


def test_a_worker_that_died_after_claiming_is_followed_by_one_with_the_same_key(
    tenant: Tenant, provider: FakeProvider
) -> None:
    payment = start_payment(tenant, make_order(tenant))
    (operation,) = operations(payment)
    Operation.all_rows.filter(id=operation.id).update(status="sent", attempts=1)  # claimed, and never heard of again
    run_due_work()
    assert reload(payment).status == "succeeded"
    assert provider.sent == [("authorize", operation.public_id)]


def test_the_fault_key_reaches_the_provider_in_test_mode_only(
    tenant: Tenant, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, str]] = []
    original = provider.authorize

    def authorize(account: AccountCredentials, request: AuthorizeRequest) -> Observation:
        seen.append(dict(request.metadata))
        return original(account, request)

    monkeypatch.setattr(provider, "authorize", authorize)
    pay(tenant, metadata={"simulate": "drop_response", "other": "x"})
    pay(make_tenant(livemode=True), metadata={"simulate": "drop_response"})
    assert seen == [{"simulate": "drop_response"}, {}]
