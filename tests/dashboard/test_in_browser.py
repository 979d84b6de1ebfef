"""The dashboard in a real browser: nothing for axe to report, a refund by one click or two, and all of it without scripts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from gateway.events.selectors.events import list_events
from merchants.models import Membership
from merchants.rules.permissions import Role
from refunds.selectors.refunds import refunds_of_payment
from tests.dashboard.sample import Sample, make_sample
from tests.support.browser import running_chromium, visitor
from tests.support.fake_provider import PROVIDER
from tests.support.merchants import PASSWORD
from tests.support.receiver import running_receiver
from tests.support.work import run_due_work
from webhooks.selectors.deliveries import deliveries_of

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_chromium() as started:
        yield started


@pytest.fixture
def sample(committed_server: LiveServer, settings: Settings) -> Iterator[Sample]:
    """A merchant with a fortnight of payments, behind the site that the browser visits."""
    settings.PROVIDERS = {**settings.PROVIDERS, "fake": "tests.support.fake_provider.fake_provider"}
    settings.CSRF_TRUSTED_ORIGINS = [committed_server.url]
    PROVIDER.reset()
    with running_receiver() as receiver:
        settings.DEV_WEBHOOK_ALLOW = [receiver.address]
        yield make_sample(receiver, payments=6)
    PROVIDER.reset()


def sign_in(page: Page, server: LiveServer, sample: Sample) -> str:
    """The address that the dashboard's paths are put behind."""
    page.goto(f"{server.url}/dashboard/")
    page.get_by_label("Email").fill(sample.owner.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    return f"{server.url}/dashboard/"


def test_axe_finds_nothing_on_any_page(committed_server: LiveServer, sample: Sample, browser: Browser) -> None:
    delivery = deliveries_of(sample.tenant)[0]
    event = list_events(sample.tenant).order_by("-id")[0]
    paths = (
        "", "payments", "payments?status=failed&currency=EUR&least=x", "payments?q=nothing",
        f"payments/{sample.succeeded.public_id}", f"payments/{sample.declined.public_id}",
        f"payments/{sample.authorized.public_id}/capture", "orders", f"orders/{sample.succeeded.order.public_id}",
        "refunds", "settlements", f"settlements/{sample.file.public_id}", "anomalies", "anomalies?status=resolved",
        f"anomalies/{sample.anomaly.public_id}", "webhooks", "webhooks/create",
        f"webhooks/{delivery.endpoint.public_id}", "deliveries",
        f"deliveries/{delivery.public_id}", "events", f"events/{event.public_id}", "api-keys", "api-keys/create",
    )  # fmt: skip
    reports = []
    for dark in (False, True):
        with visitor(browser, dark=dark, phone=dark) as page:
            address = sign_in(page, committed_server, sample)
            for path in paths[::3] if dark else paths:
                page.goto(address + path)
                found = Axe().run(page)
                if found.violations_count:
                    reports.append(f"{path} dark={dark}: {found.generate_report()}")
    assert not reports, "\n".join(reports)


def test_a_refund_in_the_dialog_is_one_refund(committed_server: LiveServer, sample: Sample, browser: Browser) -> None:
    with visitor(browser) as page:
        address = sign_in(page, committed_server, sample)
        page.goto(f"{address}payments/{sample.succeeded.public_id}")
        before = page.locator("#refund-rows tr").count()
        page.get_by_role("link", name="Refund", exact=True).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Amount").fill("9999")
        dialog.get_by_role("button", name="Refund").click()
        expect(dialog.get_by_role("alert")).to_contain_text("more than what can still be refunded")
        dialog.get_by_label("Amount").fill("2.50")
        dialog.get_by_role("button", name="Refund").dblclick()
        expect(page.locator("#toasts")).to_contain_text("Refund of EUR")  # first: it goes after five seconds
        expect(page.locator("#refund-rows tr")).to_have_count(before + 1)
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.locator("#payment-amounts")).to_contain_text("Refund under way")
        run_due_work()
        expect(page.locator("#refund-rows")).not_to_contain_text("Pending")
    assert [one.amount for one in refunds_of_payment(sample.tenant, sample.succeeded.id)].count(250) == 1


def open_refund(page: Page, address: str, sample: Sample) -> Locator:
    page.goto(f"{address}payments/{sample.succeeded.public_id}")
    page.get_by_role("link", name="Refund", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Amount").fill("2.50")
    return dialog


def test_an_action_without_an_answer_says_so_and_can_be_repeated(
    committed_server: LiveServer, sample: Sample, browser: Browser
) -> None:
    page = browser.new_page()  # not a `visitor`: here the console has something to complain about
    address = sign_in(page, committed_server, sample)
    dialog = open_refund(page, address, sample)
    for answer in (lambda route: route.abort(), lambda route: route.fulfill(status=502, body="<html>no</html>")):
        page.route("**/refund", answer, times=1)
        dialog.get_by_role("button", name="Refund").click()
        expect(dialog.get_by_role("alert")).to_contain_text("Nothing was confirmed")
        expect(dialog.get_by_role("alert")).to_have_count(1)
        expect(dialog.locator("[data-failed]")).to_be_focused()
    dialog.get_by_role("button", name="Refund").click()
    expect(page.locator("#toasts")).to_contain_text("Refund of EUR")
    page.route("**/payments/*", lambda route: route.abort())
    expect(page.locator("#toasts")).to_contain_text("may be out of date")
    page.close()
    assert [one.amount for one in refunds_of_payment(sample.tenant, sample.succeeded.id)].count(250) == 1


def test_a_refused_action_says_why_in_its_dialog(
    committed_server: LiveServer, sample: Sample, browser: Browser
) -> None:
    with visitor(browser) as page:
        dialog = open_refund(page, sign_in(page, committed_server, sample), sample)
        Membership.objects.filter(user=sample.owner).update(role=Role.VIEWER)
        dialog.get_by_role("button", name="Refund").click()
        expect(dialog.get_by_role("alert")).to_contain_text("You may not do that")
    assert 250 not in [one.amount for one in refunds_of_payment(sample.tenant, sample.succeeded.id)]


def test_the_form_on_a_page_of_its_own_ends_on_the_payment(
    committed_server: LiveServer, sample: Sample, browser: Browser
) -> None:
    with visitor(browser) as page:
        address = sign_in(page, committed_server, sample)
        page.goto(f"{address}payments/{sample.succeeded.public_id}/refund")
        page.get_by_label("Amount").fill("2.50")
        page.get_by_role("button", name="Refund").click()
        expect(page.get_by_role("status").first).to_contain_text("on its way to the bank")
        expect(page.locator("#refund-rows")).to_contain_text("2.50")


def test_a_change_below_the_hands_leaves_the_focus_and_the_keys_can_be_switched_off(
    committed_server: LiveServer, sample: Sample, browser: Browser
) -> None:
    with visitor(browser) as page:
        address = sign_in(page, committed_server, sample)
        page.goto(f"{address}payments")
        page.keyboard.press("j")
        name = page.evaluate("document.activeElement.id")
        assert name.startswith("pay_")
        page.locator("#rows").evaluate("rows => { rows.dataset.etag = 'old'; rows.dataset.mine = '1'; }")
        expect(page.locator("#rows[data-mine]")).to_have_count(0)
        expect(page.locator(f"#{name}")).to_be_focused()
        page.get_by_label("Shortcuts: / j k").uncheck()
        page.reload()
        page.keyboard.press("j")
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement === document.body")
        page.get_by_label("Shortcuts: / j k").check()
        page.locator("body").click(position={"x": 600, "y": 5})
        page.keyboard.press("/")
        expect(page.get_by_role("searchbox")).to_be_focused()


def test_everything_works_without_scripts(committed_server: LiveServer, sample: Sample, browser: Browser) -> None:
    with visitor(browser, script=False) as page:
        address = sign_in(page, committed_server, sample)
        page.goto(f"{address}payments/{sample.succeeded.public_id}")
        page.get_by_role("link", name="Refund", exact=True).click()
        page.get_by_label("Amount").fill("1.00")
        page.get_by_role("button", name="Refund").click()
        expect(page.get_by_role("status").first).to_contain_text("on its way to the bank")
        page.goto(f"{address}api-keys/create")
        page.get_by_label("Name").fill("Till 3")
        page.get_by_role("button", name="Create key").click()
        expect(page.get_by_text("It is not shown again.")).to_be_visible()
        expect(page.get_by_role("button", name="Copy")).to_have_count(0)
        expect(page.get_by_label("Shortcuts: / j k")).to_be_hidden()
        page.get_by_role("button", name="Live").click()
        expect(page.get_by_text("No real money moves here.")).to_have_count(0)


def test_an_unchanged_list_costs_a_304(committed_server: LiveServer, sample: Sample, browser: Browser) -> None:
    with visitor(browser) as page:
        address = sign_in(page, committed_server, sample)
        with page.expect_response(lambda one: one.url.endswith("/events") and one.status == 304, timeout=60_000):
            page.goto(f"{address}events")
        expect(page.locator("#rows tbody tr").first).to_be_visible()
