"""The challenge page as a customer meets it: in a frame, by keyboard, in the dark."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.bank import BankAccount
from tests.support.parts import require


class Shop:
    """A merchant's site of another origin: `/frame?<url>` embeds a page, everything else says where one is."""

    def __init__(self) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path, _, url = self.path.partition("?")
                page = f'<iframe title="bank" src="{url}"></iframe>' if path == "/frame" else f"<h1>back at {path}</h1>"
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(f"<!doctype html><title>shop</title>{page}".encode())

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.server.shutdown()
    shop.server.server_close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = require("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(path), args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def challenge(bank: BankAccount, shop: Shop) -> tuple[str, str]:
    body = {
        "amount": 4999,
        "currency": "EUR",
        "source": "pm_card_authenticationRequired",
        "reference": "opn_1",
        "return_url": f"{shop.url}/return",
    }
    payment = bank.request("POST", "/v1/payments", body, key="opn_1").json()
    return payment["id"], payment["next_action"]["url"]


def status(bank: BankAccount, payment_id: str) -> str:
    return str(bank.request("GET", f"/v1/payments/{payment_id}").json()["status"])


def page_without_script(chromium: Browser, **options: Any) -> Page:
    return chromium.new_context(java_script_enabled=False, **options).new_page()


def test_approving_in_a_frame_leads_the_whole_window_back(
    chromium: Browser, bank_account: BankAccount, shop: Shop
) -> None:
    payment_id, url = challenge(bank_account, shop)
    page = page_without_script(chromium)
    page.goto(f"{shop.url}/frame?{url}")

    page.frame_locator("iframe").get_by_role("button", name="Approve").click()

    page.wait_for_url(f"{shop.url}/return")
    assert page.get_by_role("heading").inner_text() == "back at /return"
    assert status(bank_account, payment_id) == "captured"


def test_the_code_can_be_typed_and_sent_by_keyboard(chromium: Browser, bank_account: BankAccount, shop: Shop) -> None:
    payment_id, url = challenge(bank_account, shop)
    page = page_without_script(chromium)
    page.goto(url)

    page.keyboard.press("Tab")
    page.keyboard.type("123456")
    page.keyboard.press("Enter")

    page.wait_for_url(f"{shop.url}/return")
    assert status(bank_account, payment_id) == "captured"


def test_an_error_is_announced_at_the_field(chromium: Browser, bank_account: BankAccount, shop: Shop) -> None:
    payment_id, url = challenge(bank_account, shop)
    page = page_without_script(chromium)
    page.goto(url)
    page.get_by_label("One-time code").fill("12ab")

    page.get_by_role("button", name="Approve").click()

    assert page.get_by_role("alert").inner_text() == "A code has 4 to 10 digits, and nothing else."
    assert page.get_by_label("One-time code").get_attribute("aria-invalid") == "true"
    assert page.title().startswith("Error: ")
    assert status(bank_account, payment_id) == "requires_action"


@pytest.mark.parametrize("colors", ["light", "dark"])
def test_axe_finds_nothing(chromium: Browser, bank_account: BankAccount, shop: Shop, colors: Any) -> None:
    _, url = challenge(bank_account, shop)
    page = chromium.new_context(color_scheme=colors, viewport={"width": 320, "height": 700}).new_page()
    page.goto(url)

    found = Axe().run(page)

    assert [violation["id"] for violation in found.response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
