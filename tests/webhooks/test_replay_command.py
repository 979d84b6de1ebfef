"""`manage.py replay_events`."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from gateway.core.tenancy import Tenant
from merchants.models import Merchant
from tests.support.events import emit_order_paid
from tests.support.receiver import Receiver
from tests.support.work import run_due_work
from webhooks.services import replay_events as service
from webhooks.services.create_endpoint import CreatedEndpoint


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("replay_events", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def slug(tenant: Tenant) -> str:
    return Merchant.objects.get(id=tenant.merchant_id).slug


def test_one_event_is_sent_again_under_its_own_id(
    tenant: Tenant, slug: str, created: CreatedEndpoint, receiver: Receiver
) -> None:
    event = emit_order_paid(tenant)
    run_due_work()

    assert run(slug, "--event", event.public_id, "--endpoint", created.endpoint.public_id) == "1 deliveries started.\n"
    run_due_work()

    assert [request.headers["webhook-id"] for request in receiver.requests] == [event.public_id] * 2


def test_a_type_is_found_behind_more_events_than_one_replay_may_hold(
    tenant: Tenant, slug: str, created: CreatedEndpoint, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_EVENTS", 2)
    for _ in range(4):
        emit_order_paid(tenant)
    emit_order_paid(tenant, type="payment.failed")
    run_due_work()
    since = (timezone.now() - timedelta(minutes=5)).isoformat()

    assert run(slug, "--since", since, "--type", "payment.*") == "1 deliveries started.\n"
    with pytest.raises(CommandError, match="At most 2 events"):
        run(slug, "--since", since)


@pytest.mark.parametrize("arguments", [["nobody", "--event", "evt_x"], ["{slug}"], ["{slug}", "--event", "evt_x"]])
def test_what_names_nothing_is_refused(slug: str, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        run(*[argument.format(slug=slug) for argument in arguments])
