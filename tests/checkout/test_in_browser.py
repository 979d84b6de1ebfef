"""The hosted pages in a real browser, against the real bank, with a real worker."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.plugin import DjangoDbBlocker

from gateway.core.tenancy import Tenant
from merchants.models import Merchant
from payments.models import Order, Payment, Token
from payments.rules.checkout_links import checkout_url
from payments.services.create_order import create_order
from payments.services.create_provider_account import create_provider_account
from tests.checkout.visits import CARD
from tests.support.bank import BankAccount, BankService
from tests.support.browser import running_chromium, visitor
from tests.support.database import Cluster
from tests.support.merchants import make_merchant
from tests.support.system import System, running_system

VISA, DECLINED, CHALLENGED = "4242424242424242", "4000000000009995", "4000000000003220"
TYPED_EXPIRY = CARD["expiry"].replace(" / ", "")


@dataclass
class Shop:
    """A merchant whose customers pay at a running gateway."""

    system: System
    account: BankAccount
    tenant: Tenant

    def order(self, amount: int = 4999, currency: str = "EUR") -> Order:
        return create_order(
            tenant=self.tenant,
            amount=amount,
            currency=currency,
            reference="LS-10482",
            line_items=[{"name": "Brass desk lamp", "quantity": 1, "amount": amount}],
            return_url="https://shop.test/orders/LS-10482",
            cancel_url="https://shop.test/basket",
            now=timezone.now(),
        )

    def link(self, order: Order) -> str:
        return checkout_url(order).replace("http://testserver", self.system.base_url)

    def payments(self, order: Order) -> list[Payment]:
        return list(Payment.objects.for_merchant(self.tenant).filter(order=order).order_by("id"))


@pytest.fixture(scope="module")
def shop(
    cluster: Cluster,
    database_template: str,
    bank_service: BankService,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Shop]:
    """One gateway for all of these tests: web and worker over a database with real commits."""
    database = cluster.clone(database_template)
    account = bank_service.new_account()
    logs: Path = tmp_path_factory.mktemp("logs")
    with (
        django_db_blocker.unblock(),
        cluster.pointed_at(database),
        running_system(database, account, logs) as system,
    ):
        merchant: Merchant = make_merchant(brand_color="#7a4a12", support_email="help@lumen.test")
        tenant = Tenant(merchant.id, False)
        create_provider_account(
            tenant=tenant,
            provider="simulated_bank",
            name="Bank",
            config={"base_url": account.base_url, "account": account.id},
            secrets={"api_key": account.api_key, "webhook_secret": account.webhook_secret},
            now=timezone.now(),
        )
        system.start_web()
        system.start_worker()
        yield Shop(system, account, tenant)
    cluster.drop(database)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser; every visitor has a context of its own."""
    with running_chromium() as browser:
        yield browser


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A visitor with everything switched on."""
    with visitor(chromium) as page:
        yield page


@pytest.fixture
def plain_page(chromium: Browser) -> Iterator[Page]:
    """A visitor without JavaScript."""
    with visitor(chromium, script=False) as page:
        yield page


def fill_card(page: Page, number: str = VISA) -> None:
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expiry date").fill(CARD["expiry"])
    page.get_by_label("Security code").fill("123")
    page.get_by_label("Name on card").fill("Ada Example")


def press_pay(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Pay ")).click()


def sees(page: Page, words: str, *, within_s: int = 60) -> None:
    expect(page.get_by_role("heading", name=words)).to_be_visible(timeout=within_s * 1000)


def accessible(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_card_pays(shop: Shop, page: Page) -> None:
    order = shop.order()
    page.goto(shop.link(order))
    accessible(page)
    page.get_by_label("Card number").press_sequentially(VISA)
    expect(page.get_by_label("Card number")).to_have_value("4242 4242 4242 4242")
    expect(page.locator("[data-card-brand]")).to_have_text("Visa")
    page.get_by_label("Expiry date").press_sequentially(TYPED_EXPIRY)
    expect(page.get_by_label("Expiry date")).to_have_value(CARD["expiry"])
    page.get_by_label("Security code").fill("123")
    page.get_by_label("Name on card").fill("Ada Example")
    press_pay(page)
    sees(page, "Payment complete")
    accessible(page)
    expect(page.get_by_role("link", name="Return to Lumen Supply Co.")).to_have_attribute(
        "href", "https://shop.test/orders/LS-10482"
    )
    page.reload()
    sees(page, "Payment complete")
    assert [payment.status for payment in shop.payments(order)] == ["succeeded"]


def test_a_card_pays_without_javascript(shop: Shop, plain_page: Page) -> None:
    order = shop.order()
    plain_page.goto(shop.link(order))
    fill_card(plain_page)
    press_pay(plain_page)
    sees(plain_page, "Payment complete")
    assert [payment.status for payment in shop.payments(order)] == ["succeeded"]


def test_after_a_mistake_the_script_keeps_the_number_and_focus_is_on_the_field(shop: Shop, page: Page) -> None:
    page.goto(shop.link(shop.order()))
    fill_card(page)
    page.get_by_label("Security code").fill("1")
    press_pay(page)
    code = page.get_by_label("Security code")
    expect(code).to_be_focused()
    expect(code).to_have_value("")
    expect(code).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Card number")).to_have_value("4242 4242 4242 4242")
    expect(page.get_by_label("Name on card")).to_have_value("Ada Example")
    accessible(page)
    assert VISA not in page.content()
    code.fill("123")
    press_pay(page)
    sees(page, "Payment complete")


def test_a_refusal_without_a_field_has_the_focus(shop: Shop, page: Page) -> None:
    order = shop.order()
    page.goto(shop.link(order))
    fill_card(page)
    Order.objects.for_merchant(shop.tenant).filter(pk=order.pk).update(amount=5999)
    press_pay(page)
    refusal = page.locator(".notice", has_text="The amount has changed.")
    expect(refusal).to_be_focused(timeout=20_000)
    accessible(page)


def test_after_a_correction_the_page_counts_from_its_new_form(shop: Shop, page: Page) -> None:
    page.clock.install()
    page.goto(shop.link(shop.order()))
    warning = page.get_by_text("This page expires at")
    page.clock.fast_forward("51:00")  # of the hour that the session lasts; the gateway's clock stays
    expect(warning).to_be_visible(timeout=20_000)
    fill_card(page)
    page.get_by_label("Security code").fill("1")
    press_pay(page)
    expect(page.get_by_label("Security code")).to_be_focused(timeout=20_000)
    page.clock.fast_forward("15:00")
    expect(page.get_by_label("Name on card")).to_have_value("Ada Example")
    expect(warning).to_be_hidden()


def test_without_a_script_the_number_is_typed_again(shop: Shop, plain_page: Page) -> None:
    plain_page.goto(shop.link(shop.order()))
    fill_card(plain_page)
    plain_page.get_by_label("Security code").fill("")
    press_pay(plain_page)
    expect(plain_page.get_by_label("Card number")).to_have_value("")
    expect(plain_page.get_by_label("Name on card")).to_have_value("Ada Example")
    expect(plain_page.get_by_role("alert").get_by_role("link")).to_have_text("Enter the security code.")


def test_a_decline_says_why_and_another_card_pays(shop: Shop, page: Page) -> None:
    order = shop.order()
    page.goto(shop.link(order))
    fill_card(page, DECLINED)
    press_pay(page)
    expect(page.get_by_text("There is not enough money on this card.")).to_be_visible()
    accessible(page)
    fill_card(page)
    press_pay(page)
    sees(page, "Payment complete")
    assert [payment.status for payment in shop.payments(order)] == ["failed", "succeeded"]


def test_three_d_secure_in_the_frame(shop: Shop, page: Page) -> None:
    order = shop.order()
    page.goto(shop.link(order))
    fill_card(page, CHALLENGED)
    press_pay(page)
    sees(page, "Confirm with your bank")
    frame = page.frame_locator('iframe[title="Confirmation by your bank"]')
    frame.get_by_role("button", name="Approve").click()
    sees(page, "Payment complete")
    expect(page.locator("iframe")).to_have_count(0)
    assert [payment.status for payment in shop.payments(order)] == ["succeeded"]


def test_three_d_secure_without_javascript(shop: Shop, plain_page: Page) -> None:
    order = shop.order()
    plain_page.goto(shop.link(order))
    fill_card(plain_page, CHALLENGED)
    press_pay(plain_page)
    plain_page.get_by_role("button", name="Approve").click()
    sees(plain_page, "Payment complete")
    assert [payment.status for payment in shop.payments(order)] == ["succeeded"]


def test_without_javascript_the_way_back_from_the_bank_waits_for_a_worker_that_is_away(
    shop: Shop, plain_page: Page
) -> None:
    order = shop.order()
    plain_page.goto(shop.link(order))
    fill_card(plain_page, CHALLENGED)
    press_pay(plain_page)
    expect(plain_page.get_by_role("button", name="Approve")).to_be_visible()
    shop.system.kill("worker")
    try:
        plain_page.get_by_role("button", name="Approve").click()
        sees(plain_page, "Confirming…")
        plain_page.get_by_role("link", name="Go back to its page").click()
        sees(plain_page, "Confirming…")
    finally:
        shop.system.start_worker()
    sees(plain_page, "Payment complete", within_s=180)  # what the dead worker had in hand is free after its lease
    assert [payment.status for payment in shop.payments(order)] == ["succeeded"]


def test_the_return_works_in_another_browser(shop: Shop, page: Page, plain_page: Page) -> None:
    order = shop.order()
    plain_page.goto(shop.link(order))
    fill_card(plain_page, CHALLENGED)
    press_pay(plain_page)
    expect(plain_page.get_by_role("button", name="Approve")).to_be_visible()
    page.goto(plain_page.url)
    page.get_by_role("button", name="Approve").click()
    sees(page, "Payment complete")


def test_a_challenge_that_fails_and_one_that_is_cancelled_lead_back_to_the_methods(shop: Shop, page: Page) -> None:
    order = shop.order()
    page.goto(shop.link(order))
    fill_card(page, CHALLENGED)
    press_pay(page)
    frame = page.frame_locator('iframe[title="Confirmation by your bank"]')
    frame.get_by_role("button", name="Fail").click()
    expect(page.get_by_text("could not confirm that it was you")).to_be_visible()
    fill_card(page, CHALLENGED)
    press_pay(page)
    page.get_by_role("button", name="Cancel and choose another method").click()
    expect(page.get_by_text("Choose how you want to pay.")).to_be_visible()
    fill_card(page)
    press_pay(page)
    sees(page, "Payment complete")
    assert [payment.status for payment in shop.payments(order)] == ["failed", "canceled", "succeeded"]


def test_upi_at_once_and_after_approval(shop: Shop, page: Page) -> None:
    page.goto(shop.link(shop.order(89900, "INR")))
    page.locator("summary", has_text="UPI").click()
    page.get_by_label("UPI ID").fill("success@upi")
    page.get_by_role("button", name=re.compile("^Pay ")).locator("visible=true").click()
    sees(page, "Payment complete")
    page.goto(shop.link(shop.order(45000, "INR")))
    page.locator("summary", has_text="UPI").click()
    accessible(page)
    page.get_by_label("UPI ID").fill("pending@upi")
    page.get_by_role("button", name=re.compile("^Pay ")).locator("visible=true").click()
    sees(page, "Approve in your UPI app")
    accessible(page)
    page.get_by_role("link", name="Open the approval page").click()
    page.get_by_role("button", name="Approve").click()
    sees(page, "Payment complete")


def test_fifty_double_clicks_are_one_payment(shop: Shop, page: Page) -> None:
    order = shop.order()
    page.goto(shop.link(order))
    fill_card(page)
    statuses = page.evaluate(
        """async () => {
          const form = document.querySelector("[data-pay-form]");
          const body = () => new URLSearchParams(new FormData(form));
          const sent = Array.from({length: 50}, () => fetch(form.action, {method: "POST", body: body()}));
          return (await Promise.all(sent)).map((answer) => answer.status);
        }"""
    )
    assert set(statuses) == {200}
    page.reload()
    sees(page, "Payment complete")
    assert [payment.status for payment in shop.payments(order)] == ["succeeded"]
    tokens = Token.objects.for_merchant(shop.tenant).filter(payment_method_id=shop.payments(order)[0].payment_method_id)
    assert tokens.count() == 1


def test_the_whole_payment_works_by_keyboard_alone(shop: Shop, page: Page) -> None:
    page.goto(shop.link(shop.order()))
    page.get_by_label("Card number").focus()
    for typed in (VISA, TYPED_EXPIRY, "123", "Ada Example"):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name=re.compile("^Pay "))).to_be_focused()
    page.keyboard.press("Enter")
    sees(page, "Payment complete")


@pytest.mark.parametrize("look", ["dark", "phone", "forced_colors"])
def test_every_look_is_accessible(shop: Shop, chromium: Browser, look: str) -> None:
    with visitor(chromium, **{look: True}) as page:
        page.goto(shop.link(shop.order(89900, "INR")))
        accessible(page)
        press_pay(page)
        expect(page.get_by_text("There is a problem")).to_be_visible()
        accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_at_400_percent_nothing_is_cut_off(shop: Shop, chromium: Browser) -> None:
    with contextlib.closing(chromium.new_context(viewport={"width": 320, "height": 256})) as context:
        page = context.new_page()
        page.goto(shop.link(shop.order()))
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        fill_card(page)
        press_pay(page)
        sees(page, "Payment complete")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_first_load_is_under_50_kilobytes_over_the_wire(shop: Shop, chromium: Browser) -> None:
    with visitor(chromium) as page:
        page.goto(shop.link(shop.order()), wait_until="networkidle")
        size = page.evaluate(
            """() => [...performance.getEntriesByType("resource"), ...performance.getEntriesByType("navigation")]
                  .reduce((sum, entry) => sum + entry.transferSize, 0)"""
        )
        assert 0 < size < 50_000, size
        hosts = page.evaluate("performance.getEntriesByType('resource').map((entry) => new URL(entry.name).host)")
        assert set(hosts) == {f"127.0.0.1:{shop.system.port}"}
