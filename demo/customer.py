"""The customer of the demo: pays on the hosted pages, without JavaScript."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from demo.browser import Browser, Page

CARD = {
    "cc-exp": "12 / 34",
    "cc-exp-month": "12",
    "cc-exp-year": "34",
    "cc-csc": "123",
    "cc-name": "Mira Demo",
    "email": "mira@demo.test",
}
PATIENCE_S = 30


@dataclass
class Customer:
    """One visit to one checkout link."""

    browser: Browser
    page: Page

    @classmethod
    def arrives(cls, checkout_url: str) -> Customer:
        """Open the link that the merchant sent."""
        browser = Browser()
        return cls(browser, browser.open(checkout_url))

    def pay_by_card(self, number: str) -> None:
        """Fill in the card form and press Pay."""
        values = {**CARD, "cc-number": number, "cc-csc": "1234" if number.startswith("37") else "123"}
        self.page = self.browser.submit(self.page, self.page.form(accepts="cc-number"), values)

    def pay_by_upi(self, vpa: str) -> None:
        """Fill in the UPI form and press Pay."""
        self.page = self.browser.submit(self.page, self.page.form(has="vpa"), {"vpa": vpa})

    def decide(self, decision: str) -> None:
        """On the bank's challenge page: approve, fail or cancel. The confirming page may send us there first."""
        self._until(lambda page: any(button.value == decision for form in page.forms for button in form.buttons()))
        form = self.page.form(offers=decision)
        self.page = self.browser.submit(self.page, form, {"one-time-code": "123456"}, press=decision)

    def try_again(self) -> None:
        """Wait for the decline, and for the form to choose another method."""
        self._until(lambda page: any(form.accepts("cc-number") for form in page.forms))

    def waits_for(self, words: str) -> None:
        """Stay on the page until it says `words`."""
        self._until(lambda page: words.lower() in page.text.lower())

    def _until(self, seen: Callable[[Page], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not seen(self.page):
            if time.monotonic() > deadline:
                message = f"gave up waiting at {self.page.url} ({self.page.status}): {self.page.text[:400]}"
                raise TimeoutError(message)
            time.sleep(min(self.page.refresh_s or 1, 1))
            self.page = self.browser.open(self.page.url)
