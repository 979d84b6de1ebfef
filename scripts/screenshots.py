"""Every page, light, dark and at phone width, into `var/screenshots/`: `make screenshots`.

It photographs the gateway that `make run` has started in this folder, or starts one for itself and stops it again.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "var" / "screenshots"
OWN_VAR = ROOT / "var" / "screenshots-run"
START_TIMEOUT_S = 240
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "device_scale_factor": 2},
}
CARD = {
    "Card number": "4242424242424242",
    "Expiry date": "12 / 34",
    "Security code": "123",
    "Name on card": "Mira Demo",
}
LAMP = [
    {"name": "Brass desk lamp", "quantity": 1, "amount": 12900},
    {"name": "Bulb, warm white", "quantity": 4, "amount": 1395},
]


class Gateway:
    """The running gateway, as `var/run.json` describes it."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.base_url: str = facts["base_url"]
        self.shop_url: str = facts.get("shop_url", "")
        self.docs_url: str = facts.get("docs_url") or self.base_url + "/api/docs"
        self.person: dict[str, str] = facts.get("dashboard") or {}
        self._key: dict[str, str] = facts["api_key"]

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """One call of the API."""
        headers = {
            "Content-Type": "application/json",
            "X-Api-Key": self._key["id"],
            "X-Api-Secret": self._key["secret"],
            "Idempotency-Key": str(uuid4()),
        }
        request = urllib.request.Request(self.base_url + path, json.dumps(body).encode(), headers)  # noqa: S310 - our own gateway
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - our own gateway
            shown: dict[str, Any] = json.loads(answer.read())
        return shown

    def link(self, amount: int = 18480, currency: str = "EUR", **fields: Any) -> str:
        """The checkout link of a new order."""
        lines = LAMP if amount == 18480 else []
        shown = {"reference": "LS-10482", "line_items": lines, "cancel_url": self.shop_url or self.base_url}
        order = self.post("/api/v1/orders", {"amount": amount, "currency": currency, **shown, **fields})
        return str(order["checkout_url"])


class Camera:
    """One visitor in one look, and the pictures taken so far."""

    def __init__(self, context: BrowserContext, look: str) -> None:
        self.page: Page = context.new_page()
        self._look = look

    def take(self, name: str) -> None:
        """The whole page."""
        self.page.screenshot(path=FOLDER / f"{name}-{self._look}.png", full_page=True, animations="disabled")
        print(f"{name}-{self._look}.png  {self.page.title()}", flush=True)


def checkout(gateway: Gateway, camera: Camera) -> None:
    """The customer's pages, each as it comes up in a payment."""
    page = camera.page
    link = gateway.link()
    page.goto(link)
    camera.take("checkout-pay")
    _pay(page, {"Security code": "1", "Name on card": ""})
    page.get_by_text("There is a problem").wait_for()
    camera.take("checkout-errors")
    _pay(page, {"Card number": "4000000000009995"})
    page.get_by_text("There is not enough money").wait_for()
    camera.take("checkout-declined")
    _pay(page, {"Card number": "4000000000003220"})
    page.frame_locator("iframe").get_by_role("button").first.wait_for()
    camera.take("checkout-challenge")
    page.frame_locator("iframe").get_by_role("button", name="Approve").click()
    page.get_by_role("heading", name="Payment complete").wait_for()
    camera.take("checkout-receipt")
    page.goto(gateway.link(89900, "INR", description="Studio chair"))
    camera.take("checkout-methods")
    page.locator("summary", has_text="UPI").click()
    page.get_by_label("UPI ID").fill("pending@upi")
    page.get_by_role("button", name=re.compile("^Pay ")).locator("visible=true").click()
    page.get_by_role("heading", name="Approve in your UPI app").wait_for()
    camera.take("checkout-upi")
    page.get_by_role("link", name="Open the approval page").click()
    camera.take("bank-approval")
    page.goto(gateway.link(4999, metadata={"simulate": "delay_before_commit"}, description="Desk lamp"))
    camera.take("checkout-pay-simple")
    _pay(page, {})
    page.get_by_role("heading", name="Confirming").wait_for()
    camera.take("checkout-confirming")
    order = gateway.post("/api/v1/orders", {"amount": 4999, "currency": "EUR"})
    session = gateway.post("/api/v1/checkout/sessions", {"order": order["id"]})
    gateway.post(f"/api/v1/checkout/sessions/{session['id']}/expire", {})
    page.goto(session["url"])
    camera.take("checkout-expired")
    page.goto(gateway.base_url + "/checkout/nothing")
    camera.take("checkout-missing")


def dashboard(gateway: Gateway, camera: Camera) -> None:
    """Sign in, every page of the menu, and the first detail page of every list."""
    page = camera.page
    page.goto(gateway.base_url + "/dashboard/")
    camera.take("dashboard-sign-in")
    page.get_by_label("Email").fill(gateway.person["email"])
    page.get_by_label("Password").fill(gateway.person["password"])
    page.get_by_role("button", name="Sign in").click()
    page.locator("nav.nav").wait_for(state="attached")
    links = page.locator("a.nav-link")
    places = [
        (str(links.nth(i).text_content()).strip().split("\n")[0], links.nth(i).get_attribute("href"))
        for i in range(links.count())
    ]
    places.append(("Anomalies", "/dashboard/anomalies"))
    for label, address in places:
        name = re.sub(r"[^a-z]+", "-", label.lower()).strip("-") or "page"
        page.goto(gateway.base_url + str(address))
        camera.take(f"dashboard-{name}")
        row = page.locator("main table a.row-link").first
        if row.count():
            page.goto(gateway.base_url + str(row.get_attribute("href")))
            camera.take(f"dashboard-{name}-detail")

    for name in ("api-keys/create", "webhooks/create"):
        page.goto(f"{gateway.base_url}/dashboard/{name}")
        camera.take("dashboard-" + name.replace("/", "-"))
    page.goto(gateway.base_url + "/staff/")
    camera.take("staff")
    tables = page.locator("#content-main th a")
    for address in [tables.nth(i).get_attribute("href") for i in range(tables.count())]:
        page.goto(gateway.base_url + str(address))
        camera.take("staff-" + str(address).strip("/").split("/")[-1])


def shop(gateway: Gateway, camera: Camera) -> None:
    """The example shop and what it bought, the API's documentation, and an address that does not exist."""
    page = camera.page
    if gateway.shop_url:
        page.goto(gateway.shop_url)
        camera.take("shop")
        page.get_by_role("button", name="Buy Reading lamp").click()
        _pay(page, {})
        page.get_by_role("link", name="Return to").click()
        page.get_by_text("signed webhook said so").wait_for()
        camera.take("shop-order")
        page.get_by_role("link", name="Webhooks received").first.click()
        page.locator("summary").first.click()
        camera.take("shop-webhooks")
    page.goto(gateway.docs_url)
    page.locator(".opblock").first.wait_for()
    camera.take("api-docs")
    page.goto(gateway.base_url + "/api/docs/errors")
    camera.take("api-errors")
    page.goto(gateway.base_url + "/nothing")
    camera.take("missing")


def _pay(page: Page, changed: dict[str, str]) -> None:
    for label, typed in {**CARD, **changed}.items():
        page.get_by_label(label).locator("visible=true").fill(typed)
    page.get_by_role("button", name=re.compile("^Pay ")).locator("visible=true").click()


def photograph(gateway: Gateway, browser: Browser) -> list[str]:
    """All pages in all looks; what went wrong, by name."""
    failures = []
    series: tuple[Callable[[Gateway, Camera], None], ...] = (checkout, dashboard, shop)
    for look, options in LOOKS.items():
        for pages in series:
            with contextlib.closing(browser.new_context(reduced_motion="reduce", locale="en-GB", **options)) as context:
                try:
                    pages(gateway, Camera(context, look))
                except Exception as error:  # one broken page must not hide the others
                    failures.append(f"{pages.__name__} ({look}): {error}")
    return failures


@contextlib.contextmanager
def running_gateway() -> Iterator[Gateway]:
    """The one that runs here, or one of our own for the length of the block."""
    present = _facts(ROOT / "var" / "run.json")
    if present is not None:
        yield Gateway(present)
        return
    print("starting a gateway for the photographs", flush=True)
    process = subprocess.Popen([sys.executable, "-m", "embedded", "--var", str(OWN_VAR), "run"], cwd=ROOT)
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while (facts := _facts(OWN_VAR / "run.json")) is None:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("the gateway did not start")
            time.sleep(0.5)
        yield Gateway(facts)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def _facts(path: Path) -> dict[str, Any] | None:
    with contextlib.suppress(OSError, ValueError):
        facts: dict[str, Any] = json.loads(path.read_text())
        with urllib.request.urlopen(facts["base_url"] + "/health/live", timeout=5):  # noqa: S310 - our own gateway
            return facts
    return None


def main() -> int:
    """Take them all; 1 when a page could not be photographed."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("Chromium is not installed: no screenshots.")
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    with running_gateway() as gateway, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        failures = photograph(gateway, browser)
        browser.close()
    for failure in failures:
        print(failure, file=sys.stderr)
    print(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER.relative_to(ROOT)}")
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
