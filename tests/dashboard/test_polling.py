"""Parts of pages that are asked for again and again: unchanged they cost a 304, changed they leave the focus where it was."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from gateway.core.tenancy import Tenant
from payments.models import Payment
from refunds.services.create_refund import create_refund
from tests.dashboard.conftest import Window
from tests.payments.factories import pay
from tests.support.work import run_due_work
from webhooks.selectors.deliveries import deliveries_of
from webhooks.services.create_endpoint import create_endpoint

VOID = {"meta", "link", "input", "img", "br", "hr", "path", "circle", "rect", "line"}
FOCUSABLE = {"a", "button", "summary", "input", "select", "textarea"}


class Drawn(HTMLParser):
    """A page: its polled part's tag and address, what can hold the focus in there, and every id."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.etag = self.address = ""
        self.focusable: list[tuple[str, str]] = []
        self.ids: list[str] = []
        self._depth = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if "id" in found:
            self.ids.append(found["id"] or "")
        if "data-etag" in found:
            self.etag, self.address, self._depth = found["data-etag"] or "", found["hx-get"] or "", 1
        elif self._depth and tag not in VOID:
            self._depth += 1
        if self._depth and (tag in FOCUSABLE or "tabindex" in found):
            self.focusable.append((tag, found.get("id") or ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Nothing that closes itself matters here."""

    def handle_endtag(self, tag: str) -> None:
        if self._depth and tag not in VOID:
            self._depth -= 1


@pytest.fixture
def payment(tenant: Tenant) -> Payment:
    """A payment with a refund under way, events, and deliveries to an address that does not answer."""
    create_endpoint(tenant=tenant, url="https://example.com/hooks", now=timezone.now())
    for _ in range(6):
        pay(tenant)
    made = pay(tenant)
    run_due_work()
    create_refund(tenant=tenant, payment_id=made.id, amount=400, now=timezone.now())
    return made


def paths(tenant: Tenant, payment: Payment) -> list[str]:
    delivery = next(one for one in deliveries_of(tenant) if one.attempts)
    lists = ["payments", "orders", "refunds", "settlements", "anomalies", "deliveries", "events"]
    details = [
        f"payments/{payment.public_id}",
        f"webhooks/{delivery.endpoint.public_id}",
        f"deliveries/{delivery.public_id}",
    ]
    return [*lists, "payments?q=nothing", *details]


def test_what_is_polled_and_has_not_changed_is_a_304_from_the_first_time(
    tenant: Tenant, payment: Payment, owner: Window
) -> None:
    with time_machine.travel(timezone.now(), tick=False):  # "2 min ago" is a change, too
        for path in paths(tenant, payment):
            drawn = Drawn(owner.get(f"/dashboard/{path}").content.decode())
            poll = {"HX-Request": "true", "If-None-Match": drawn.etag}
            assert drawn.address == f"/dashboard/{path}"
            assert owner.get(drawn.address, headers=poll).status_code == 304, path
            fresh = owner.get(drawn.address, headers={**poll, "If-None-Match": '"another"'})
            assert Drawn(fresh.content.decode()).etag == drawn.etag


def test_what_is_polled_keeps_the_focus_by_the_ids_of_all_that_can_have_it(
    tenant: Tenant, payment: Payment, owner: Client
) -> None:
    for path in paths(tenant, payment):
        drawn = Drawn(owner.get(f"/dashboard/{path}").content.decode())
        assert [tag for tag, name in drawn.focusable if not name] == [], path
        assert drawn.focusable or path in ("settlements", "anomalies"), path
        assert sorted(drawn.ids) == sorted(set(drawn.ids)), path
