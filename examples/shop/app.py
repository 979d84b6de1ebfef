"""The shop's pages. It sends the customer to the gateway's checkout and believes nothing but the signed webhook."""

from __future__ import annotations

import html
import json
import re
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import parse_qs

from examples.shop.gateway import Gateway, GatewayError
from examples.shop.store import Purchase, Store
from examples.shop.webhooks import NotGenuine, verify

PAGES = Path(__file__).parent / "pages"
MAX_BODY = 256 * 1024

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


@dataclass(frozen=True)
class Product:
    """Something to buy. `amount` is in minor units of `currency`."""

    slug: str
    name: str
    blurb: str
    amount: int
    currency: str


PRODUCTS = {
    product.slug: product
    for product in (
        Product("lamp", "Reading lamp", "Warm light, brass arm, three metres of cable.", 4999, "EUR"),
        Product("notebook", "Dotted notebook", "160 pages that lie flat. Ink does not show through.", 1450, "EUR"),
        Product("chai", "Chai for a month", "Thirty cups, ground this week. Pay by UPI or card.", 89900, "INR"),
    )
}
# status -> headline, words
STATUS_WORDS = {
    "waiting": ("Your order", "Waiting for the gateway to say that it is paid. This page looks again by itself."),
    "paid": ("Thank you, it is yours", "Paid. We believe it because a signed webhook said so."),
    "expired": ("Your order", "It expired before it was paid. Nothing was taken; you can order again."),
    "canceled": ("Your order", "It was canceled. Nothing more will be taken."),
}


@dataclass(frozen=True)
class Shop:
    """A WSGI application."""

    gateway: Gateway
    store: Store
    webhook_secret: str
    url: str

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        match (method, path.strip("/").split("/")):
            case ("GET", [""]):
                answer = self._home()
            case ("POST", ["buy"]):
                answer = self._buy(_body(environ))
            case ("GET", ["orders", reference]):
                answer = self._order(reference)
            case ("GET", ["webhooks"]):
                answer = self._inspector()
            case ("POST", ["webhooks"]):
                answer = self._webhook(environ)
            case ("GET", ["style.css"]):
                answer = Answer("200 OK", (PAGES / "style.css").read_bytes(), "text/css; charset=utf-8")
            case ("GET", ["mark.svg"]):
                answer = Answer("200 OK", (PAGES / "mark.svg").read_bytes(), "image/svg+xml")
            case ("GET", ["health"]):
                answer = Answer("200 OK", b"ok", "text/plain")
            case _:
                answer = self._page(
                    "404 Not Found", "message.html", title="Not found", text="There is no such page here."
                )
        start_response(answer.status, [("Content-Type", answer.content_type), *answer.headers])
        return [answer.body]

    def _home(self) -> Answer:
        template = Template((PAGES / "product.html").read_text())
        cards = "".join(
            template.substitute(
                slug=product.slug,
                picture=(PAGES / f"{product.slug}.svg").read_text(),
                name=html.escape(product.name),
                blurb=html.escape(product.blurb),
                price=money(product.amount, product.currency),
            )
            for product in PRODUCTS.values()
        )
        return self._page("200 OK", "home.html", title="Light, paper, tea", products=cards)

    def _buy(self, body: bytes) -> Answer:
        product = PRODUCTS.get(parse_qs(body.decode("utf-8", "replace")).get("product", [""])[0])
        if product is None:
            return self._page("400 Bad Request", "message.html", title="Sold out", text="We do not sell that.")
        reference = f"shop-{secrets.token_hex(6)}"
        self.store.add(reference=reference, product=product.name, amount=product.amount, currency=product.currency)
        try:
            order = self.gateway.create_order(
                amount=product.amount,
                currency=product.currency,
                reference=reference,
                line_items=[{"name": product.name, "quantity": 1, "amount": product.amount}],
                return_url=f"{self.url}/orders/{reference}",
            )
        except GatewayError as error:
            return self._page("502 Bad Gateway", "message.html", title="Not now", text=html.escape(str(error)))
        self.store.opened(reference, order_id=order["id"], checkout_url=order["checkout_url"])
        return Answer("303 See Other", b"", "text/plain", (("Location", order["checkout_url"]),))

    def _order(self, reference: str) -> Answer:
        purchase = self.store.purchase(reference)
        if purchase is None:
            return self._page("404 Not Found", "message.html", title="Not found", text="We know no such order.")
        headline, words = STATUS_WORDS[purchase.status]
        return self._page(
            "200 OK",
            "order.html",
            title="Your order",
            headline=headline,
            refresh='<meta http-equiv="refresh" content="2">' if purchase.status == "waiting" else "",
            product=html.escape(purchase.product),
            price=money(purchase.amount, purchase.currency),
            reference=purchase.reference,
            status=purchase.status,
            words=words,
            pay=_pay_link(purchase),
        )

    def _inspector(self) -> Answer:
        template = Template((PAGES / "webhook.html").read_text())
        rows = "".join(
            template.substitute(
                id=identifier,
                type=kind,
                received_at=received_at,
                body=html.escape(json.dumps(json.loads(body), indent=2)),
            )
            for identifier, kind, received_at, body in self.store.webhooks()
        )
        return self._page(
            "200 OK",
            "webhooks.html",
            title="Webhooks received",
            rows=rows or '<p>None has arrived yet. <a href="/">Buy something</a>, and look again.</p>',
        )

    def _webhook(self, environ: dict[str, Any]) -> Answer:
        headers = {name: environ.get(f"HTTP_{name.upper().replace('-', '_')}", "") for name in SIGNED_HEADERS}
        try:
            event = verify(self.webhook_secret, headers, _body(environ), now=time.time())
        except NotGenuine as refusal:
            return Answer("400 Bad Request", str(refusal).encode(), "text/plain")
        self.store.act_on(headers["webhook-id"], event)
        return Answer("204 No Content", b"", "text/plain")

    def _page(self, status_line: str, template: str, /, **values: str) -> Answer:
        inner = Template((PAGES / template).read_text()).substitute(values)
        page = Template((PAGES / "base.html").read_text()).substitute(
            content=inner, head=values.get("refresh", ""), title=values["title"]
        )
        return Answer(status_line, page.encode(), "text/html; charset=utf-8")


SIGNED_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


@dataclass(frozen=True)
class Answer:
    """What goes back over HTTP."""

    status: str
    body: bytes
    content_type: str
    headers: tuple[tuple[str, str], ...] = ()


def money(amount: int, currency: str) -> str:
    """Minor units as people read them; every currency this shop sells in has two digits.

    >>> money(4999, "EUR")
    'EUR 49.99'
    """
    return f"{currency} {amount // 100}.{amount % 100:02d}"


def _pay_link(purchase: Purchase) -> str:
    if purchase.status != "waiting" or purchase.checkout_url is None:
        return ""
    return f'<a href="{html.escape(purchase.checkout_url)}">Back to the payment page</a> '


def _body(environ: dict[str, Any]) -> bytes:
    length = re.fullmatch("[0-9]{1,12}", environ.get("CONTENT_LENGTH", ""))
    body: bytes = environ["wsgi.input"].read(min(int(length[0]), MAX_BODY)) if length else b""
    return body
