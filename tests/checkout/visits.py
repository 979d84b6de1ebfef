"""A customer on the hosted pages, through Django's client: what a browser without JavaScript sends and sees."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from django.test import Client
from django.utils import timezone

from payments.models import Order
from payments.rules.checkout_links import checkout_url
from tests.payments.factories import VISA

YEAR = timezone.now().year + 3  # when the cards of the tests expire
CARD = {"expiry": f"12 / {YEAR % 100:02}", "cvc": "123", "name": "Ada Example"}


@dataclass
class Visit:
    """Where the customer is, and what the page says."""

    client: Client
    path: str = ""
    status: int = 0
    html: str = ""
    trail: list[str] = field(default_factory=list)
    headers: Any = None

    def open(self, path: str) -> Visit:
        """GET, redirects on our own site followed."""
        return self._see(path, self.client.get(path))

    def enter(self, order: Order) -> Visit:
        """Follow the order's link."""
        return self.open(urlsplit(checkout_url(order)).path)

    def pay(self, number: str = VISA, **fields: str) -> Visit:
        """Send the card form as the page shows it."""
        return self.send("card", {**CARD, "number": number, **fields})

    def send(self, method: str, fields: dict[str, str], *, headers: dict[str, str] | None = None) -> Visit:
        """Send the form of a method with the page's token."""
        action = self.action(method)
        sent = {"token": self.token(), "framed": "0", **fields}
        return self._see(action, self.client.post(action, sent, headers=headers))

    def action(self, method: str) -> str:
        """The address that the method's form sends to."""
        found = re.search(rf'action="([^"]*/{method})"', self.html)
        assert found, f"no form for {method} on {self.path}"
        return found[1]

    def token(self) -> str:
        """The page's form token."""
        found = re.search(r'name="token" value="([^"]+)"', self.html)
        assert found, f"no form on {self.path}"
        return unescape(found[1])

    @property
    def words(self) -> str:
        """The text of the page."""
        body = re.sub(r"<(style|script|template)\b.*?</\1>", " ", self.html, flags=re.S)
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())

    def _see(self, path: str, response: Any) -> Visit:
        while response.status_code in (302, 303):
            path = response.headers["Location"]
            self.trail.append(path)
            if path.startswith("http"):
                break
            response = self.client.get(path)
        self.path, self.status, self.html = path, response.status_code, response.content.decode()
        self.headers = response.headers
        return self
