"""What happens in the demo: real payments by API and by checkout. Each scenario checks its own outcome."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

from demo.client import ApiClient, Json
from demo.customer import Customer

WAIT_S = 20
DECLINING_CARDS = {
    "4000000000000002": "generic_decline",
    "4000000000009995": "insufficient_funds",
    "4000000000009987": "lost_card",
    "4000000000000069": "expired_card",
    "4000000000000127": "incorrect_cvc",
}
GOOD_CARDS = ("4242424242424242", "5555555555554444", "378282246310005", "6011111111111117", "3566002020360505")


@dataclass
class Story:
    """The run so far, counted as the closing line reports it."""

    api: ApiClient
    publishable: ApiClient
    payments: int = 0
    succeeded: int = 0
    declined: int = 0
    refunds: int = 0
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def order(self, amount: int, currency: str = "EUR") -> Json:
        """A new order of one line."""
        number = next(self._numbers)
        lines = [{"name": f"Demo item {number}", "quantity": 1, "amount": amount}]
        return self.api.post(
            "/api/v1/orders",
            {"amount": amount, "currency": currency, "reference": f"demo-{number}", "line_items": lines},
        )

    def card_token(self, number: str) -> str:
        """A token made with the publishable key, as the merchant's page would."""
        card = {
            "number": number,
            "exp_month": 12,
            "exp_year": 2034,
            "cvc": "1234" if number.startswith("37") else "123",
        }
        token = self.publishable.post("/api/v1/tokens", {"type": "card", "card": {**card, "holder_name": "Mira Demo"}})
        return str(token["id"])

    def pay(self, number: str, amount: int, **more: object) -> Json:
        """A payment by API with a fresh token, held until it settles."""
        body = {"order": self.order(amount)["id"], "payment_method_data": {"token": self.card_token(number)}, **more}
        payment = self.api.post("/api/v1/payments", body, wait_s=WAIT_S)
        self.payments += 1
        self.succeeded += payment["status"] == "succeeded"
        self.declined += payment["status"] == "failed"
        return payment

    def refund(self, payment: Json, amount: int | None = None) -> None:
        """A refund by API, held until it settles."""
        body: Json = {"payment": payment["id"], "reason": "requested_by_customer"}
        refund = self.api.post("/api/v1/refunds", body | ({"amount": amount} if amount else {}), wait_s=WAIT_S)
        require(refund["status"] == "succeeded", f"the refund is {refund['status']}")
        self.refunds += 1

    def paid_on_checkout(self, *, declines: int = 0) -> None:
        """Count a checkout visit that ended in a payment, after `declines` refused attempts."""
        self.payments += 1 + declines
        self.succeeded += 1
        self.declined += declines


def tell(story: Story) -> None:
    """Run every scenario, one after the other."""
    for scenario in (
        cards_by_api,
        declines_by_api,
        manual_capture,
        refunds,
        checkout_cards,
        checkout_3d_secure,
        checkout_upi,
    ):
        scenario(story)


def cards_by_api(story: Story) -> None:
    """Five brands, five charges."""
    for number in GOOD_CARDS:
        payment = story.pay(number, 4999)
        require(payment["status"] == "succeeded", f"{number[-4:]} is {payment['status']}")


def declines_by_api(story: Story) -> None:
    """A decline is a payment with a reason, not an error."""
    for number, reason in DECLINING_CARDS.items():
        payment = story.pay(number, 1999)
        require(payment["status"] == "failed", f"{number[-4:]} is {payment['status']}")
        require(payment["failure"]["decline_code"] == reason, f"{number[-4:]} declined with {payment['failure']}")


def manual_capture(story: Story) -> None:
    """Authorise, then capture less; authorise, then cancel."""
    held = story.pay(GOOD_CARDS[0], 10_000, capture_method="manual")
    require(held["status"] == "requires_capture", f"the payment is {held['status']}")
    path = f"/api/v1/payments/{held['id']}"
    taken = story.api.post(f"{path}/capture", {"amount": 7_500, "final": True}, status=200, wait_s=WAIT_S)
    require((taken["status"], taken["amount_captured"]) == ("succeeded", 7_500), f"captured: {taken}")
    story.succeeded += 1
    canceled = story.pay(GOOD_CARDS[1], 3_000, capture_method="manual")
    canceled = story.api.post(f"/api/v1/payments/{canceled['id']}/cancel", status=200, wait_s=WAIT_S)
    require(canceled["status"] == "canceled", f"the payment is {canceled['status']}")


def refunds(story: Story) -> None:
    """One in full; one in two parts."""
    story.refund(story.pay(GOOD_CARDS[0], 2_500))
    payment = story.pay(GOOD_CARDS[1], 8_000)
    story.refund(payment, 3_000)
    story.refund(payment, 1_000)
    seen = story.api.get(f"/api/v1/payments/{payment['id']}")
    require(seen["amount_refunded"] == 4_000, f"refunded {seen['amount_refunded']}")


def checkout_cards(story: Story) -> None:
    """The hosted page: a card; a decline and then another card."""
    customer = Customer.arrives(story.order(1_450)["checkout_url"])
    customer.pay_by_card(GOOD_CARDS[0])
    customer.waits_for("Payment complete")
    story.paid_on_checkout()
    customer = Customer.arrives(story.order(2_450)["checkout_url"])
    customer.pay_by_card("4000000000009995")
    customer.try_again()
    customer.pay_by_card(GOOD_CARDS[1])
    customer.waits_for("Payment complete")
    story.paid_on_checkout(declines=1)


def checkout_3d_secure(story: Story) -> None:
    """A challenge that is passed, and one that is failed before another card pays."""
    customer = Customer.arrives(story.order(12_900)["checkout_url"])
    customer.pay_by_card("4000000000003220")
    customer.decide("approve")
    customer.waits_for("Payment complete")
    story.paid_on_checkout()
    customer = Customer.arrives(story.order(4_200)["checkout_url"])
    customer.pay_by_card("4000002760003184")
    customer.decide("fail")
    customer.try_again()
    customer.pay_by_card(GOOD_CARDS[0])
    customer.waits_for("Payment complete")
    story.paid_on_checkout(declines=1)


def checkout_upi(story: Story) -> None:
    """Rupees: paid at once, and after the customer's approval on the bank's page."""
    customer = Customer.arrives(story.order(89_900, "INR")["checkout_url"])
    customer.pay_by_upi("success@upi")
    customer.waits_for("Payment complete")
    story.paid_on_checkout()
    customer = Customer.arrives(story.order(45_000, "INR")["checkout_url"])
    customer.pay_by_upi("pending@upi")
    customer.decide("approve")
    customer.waits_for("Payment complete")
    story.paid_on_checkout()


def require(truth: bool, otherwise: str) -> None:
    """Stop the demo with a sentence."""
    if not truth:
        raise RuntimeError(otherwise)
