"""The payments of a round: what each merchant does, what it was told, and how that must end."""

from __future__ import annotations

import contextlib
import random
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from bench.faults.client import Answer, Client, Json, Unanswered

VISA, DECLINED, CHALLENGED = "pm_card_visa", "pm_card_chargeDeclined", "pm_card_authenticationRequired"
SLOW_REFUND, RETURNED_REFUND = "pm_card_pendingRefund", "pm_card_refundFail"
FINAL = frozenset({"succeeded", "failed", "canceled", "expired"})
_SETTLE_S = 150.0
_POLL_S = 0.4


@dataclass
class Told:
    """One payment as its merchant saw it. `ends`: the states that may be its last; `captured`: exactly, if known."""

    merchant: int
    kind: str
    key: str
    amount: int
    ends: frozenset[str] = frozenset()
    payment_id: str = ""
    captured: int | None = None
    refunds: dict[str, tuple[int, frozenset[str]]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    gave_up: str = ""


class Customer:
    """One scenario's hands: pays, approves at the bank, captures, refunds, cancels."""

    def __init__(self, client: Client, told: Told, dice: random.Random) -> None:
        self.client, self.told, self.dice = client, told, dice

    def pay(self, method: str = VISA, *, manual: bool = False, data: Json | None = None) -> Json:
        """Create the payment; with `Prefer: wait` now and then."""
        body: Json = {"amount": self.told.amount, "currency": "EUR", "metadata": {"driver_key": self.told.key}}
        body |= {"payment_method_data": data} if data else {"payment_method": method}
        body |= {"capture_method": "manual"} if manual else {}
        body["return_url"] = "https://shop.example/return"
        wait_s = self.dice.choice((0, 0, 0, 4))
        answer = self.client.call("POST", "/api/v1/payments", body, key=self.told.key, wait_s=wait_s)
        self.told.payment_id = self._of(answer, 201).get("id", "")
        return self.see(answer.body)

    def token(self, details: Json) -> Json:
        """A single-use token: no idempotency key, so each try makes another, and one of them is used."""
        return {"token": self._of(self.client.call("POST", "/api/v1/tokens", details), 201)["id"]}

    def settled(self, *moving: str) -> Json:
        """The payment once it is in none of these states."""
        deadline = time.monotonic() + _SETTLE_S
        while time.monotonic() < deadline:
            payment = self.see(self.client.get(f"/api/v1/payments/{self.told.payment_id}"))
            if payment["status"] not in moving:
                return payment
            time.sleep(_POLL_S * self.dice.uniform(0.7, 1.3))
        raise Unanswered(f"{self.told.payment_id} is still {moving}")

    def decide(self, payment: Json, decision: str) -> None:
        """Press a button on the bank's page, until the bank has heard it."""
        data = urllib.parse.urlencode({"decision": decision, "code": ""}).encode()
        request = urllib.request.Request(payment["next_action"]["url"], data=data, method="POST")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())
        for _ in range(60):
            try:
                with opener.open(request, timeout=30):
                    return
            except urllib.error.HTTPError as error:
                if error.code < 500:
                    return
            except OSError:
                pass
            time.sleep(0.5)

    def act(self, verb: str, body: Json | None = None) -> None:
        """Capture or cancel, once, whatever it takes; nothing competes, so a refusal is a finding."""
        self._of(self.try_to(verb, body), 200)

    def try_to(self, verb: str, body: Json | None = None) -> Answer:
        """Capture or cancel where something competes: a refusal is an answer like any other."""
        path = f"/api/v1/payments/{self.told.payment_id}/{verb}"
        answer = self.client.call(
            "POST", path, body or {}, key=str(uuid.UUID(int=self.dice.getrandbits(128), version=4))
        )
        if answer.status == 200:
            self.see(answer.body)
        return answer

    def refund(self, amount: int | None = None, ends: frozenset[str] = frozenset({"succeeded"})) -> Json:
        """Ask for money back; nothing competes, so a refusal is a finding."""
        return self._of(self.try_to_refund(amount, ends), 201)

    def try_to_refund(self, amount: int | None = None, ends: frozenset[str] = frozenset({"succeeded"})) -> Answer:
        """Ask for money back where something competes; an accepted refund is remembered."""
        body: Json = {"payment": self.told.payment_id} | ({"amount": amount} if amount else {})
        key = str(uuid.UUID(int=self.dice.getrandbits(128), version=4))
        answer = self.client.call("POST", "/api/v1/refunds", body, key=key)
        if answer.status == 201:
            self.told.refunds[answer.body["id"]] = (answer.body["amount"], ends)
        return answer

    def see(self, payment: Json) -> Json:
        """Remember the state that we were told."""
        if not self.told.seen or self.told.seen[-1] != payment["status"]:
            self.told.seen.append(payment["status"])
        return payment

    def _of(self, answer: Answer, status: int) -> Json:
        if answer.status != status:
            self.client.witness.note("wrong", unexpected=f"{self.told.kind}: {answer.status} {str(answer.body)[:300]}")
            raise Unanswered(self.told.kind)
        return answer.body


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        """The way back to the shop is not walked: there is no shop."""
        return


Scenario = Callable[[Customer], None]


def _ends(customer: Customer, *states: str, captured: int | None = None) -> None:
    customer.told.ends, customer.told.captured = frozenset(states), captured


def automatic(customer: Customer, method: str = VISA) -> None:
    """Pay and be done."""
    customer.pay(method)
    _ends(customer, "succeeded", captured=customer.told.amount)


def with_card_number(customer: Customer) -> None:
    """The card goes through a token."""
    card = {"number": "4242424242424242", "exp_month": 12, "exp_year": time.gmtime().tm_year + 2, "cvc": "123"}
    customer.pay(data=customer.token({"type": "card", "card": card}))
    _ends(customer, "succeeded", captured=customer.told.amount)


def with_upi(customer: Customer) -> None:
    """UPI, approved by itself."""
    customer.pay(data=customer.token({"type": "upi", "upi": {"vpa": "success@upi"}}))
    _ends(customer, "succeeded", captured=customer.told.amount)


def with_upi_approval(customer: Customer) -> None:
    """UPI, approved on the bank's page."""
    customer.pay(data=customer.token({"type": "upi", "upi": {"vpa": "pending@upi"}}))
    _ends(customer, "requires_action", "succeeded")
    payment = customer.settled("processing")
    if payment["status"] == "requires_action":
        customer.decide(payment, "approve")
    _ends(customer, "succeeded", captured=customer.told.amount)


def declined(customer: Customer) -> None:
    """The bank says no."""
    customer.pay(DECLINED)
    _ends(customer, "failed", captured=0)


def approved_challenge(customer: Customer) -> None:
    """3-D Secure, approved."""
    customer.pay(CHALLENGED)
    _ends(customer, "requires_action", "succeeded")
    payment = customer.settled("processing")
    if payment["status"] == "requires_action":
        customer.decide(payment, "approve")
    _ends(customer, "succeeded", captured=customer.told.amount)


def failed_challenge(customer: Customer) -> None:
    """3-D Secure, failed."""
    customer.pay(CHALLENGED)
    _ends(customer, "requires_action", "failed")
    payment = customer.settled("processing")
    if payment["status"] == "requires_action":
        customer.decide(payment, "fail")
    _ends(customer, "failed", captured=0)


def captured_later(customer: Customer) -> None:
    """Authorised, then captured."""
    customer.pay(manual=True)
    _ends(customer, "requires_capture", captured=None)
    customer.settled("processing")
    customer.act("capture")
    _ends(customer, "succeeded", captured=customer.told.amount)


def captured_in_part(customer: Customer) -> None:
    """Half is captured, and that is all."""
    customer.pay(manual=True)
    _ends(customer, "requires_capture")
    customer.settled("processing")
    half = customer.told.amount // 2
    customer.act("capture", {"amount": half, "final": True})
    _ends(customer, "succeeded", captured=half)


def canceled(customer: Customer) -> None:
    """Authorised, then given back."""
    customer.pay(manual=True)
    _ends(customer, "requires_capture")
    customer.settled("processing")
    customer.act("cancel")
    _ends(customer, "canceled", captured=0)


def left_authorized(customer: Customer) -> None:
    """Authorised, and nothing follows."""
    customer.pay(manual=True)
    _ends(customer, "requires_capture", captured=0)


def capture_against_cancel(customer: Customer) -> None:
    """Both at once: one of them happens, whole."""
    customer.pay(manual=True)
    _ends(customer, "requires_capture", "succeeded", "canceled")
    customer.settled("processing")
    with ThreadPoolExecutor(2) as hands:
        capture, cancel = hands.submit(customer.try_to, "capture"), hands.submit(customer.try_to, "cancel")
        outcomes = {"succeeded": capture.result().status == 200, "canceled": cancel.result().status == 200}
    accepted = [state for state, is_accepted in outcomes.items() if is_accepted]
    if len(accepted) == 1:
        _ends(customer, accepted[0], captured=customer.told.amount if accepted[0] == "succeeded" else 0)
    else:
        message = f"capture and cancel of {customer.told.payment_id}: accepted {accepted}"
        customer.client.witness.note("race", unexpected=message)


def refunded(customer: Customer) -> None:
    """Paid, then all of it back."""
    automatic(customer)
    if customer.settled("processing")["status"] == "succeeded":
        customer.refund()


def refunded_slowly(customer: Customer) -> None:
    """The bank takes the refund and says later that it went through."""
    automatic(customer, SLOW_REFUND)
    if customer.settled("processing")["status"] == "succeeded":
        customer.refund()


def refund_returned(customer: Customer) -> None:
    """The refund succeeds, and the customer's bank sends it back."""
    automatic(customer, RETURNED_REFUND)
    if customer.settled("processing")["status"] == "succeeded":
        customer.refund(ends=frozenset({"failed"}))


def refunded_twice_in_part(customer: Customer) -> None:
    """Two refunds of 60 % at once: one of them is accepted; then the rest."""
    automatic(customer)
    if customer.settled("processing")["status"] != "succeeded":
        return
    part = customer.told.amount * 6 // 10
    with ThreadPoolExecutor(2) as hands:
        answers = [each.result() for each in [hands.submit(customer.try_to_refund, part) for _ in range(2)]]
    if sorted(answer.status for answer in answers) != [201, 409]:
        shown = [(answer.status, answer.body.get("code")) for answer in answers]
        message = f"two refunds of 60 % of {customer.told.payment_id}: {shown}"
        customer.client.witness.note("race", unexpected=message)
    customer.refund(customer.told.amount - part)


def refund_taken_back(customer: Customer) -> None:
    """A refund, canceled at once: either it was in time or it was not."""
    automatic(customer)
    if customer.settled("processing")["status"] != "succeeded":
        return
    refund = customer.refund()
    refund_id = refund["id"]
    key = str(uuid.UUID(int=customer.dice.getrandbits(128), version=4))
    undone = customer.client.call("POST", f"/api/v1/refunds/{refund_id}/cancel", {}, key=key)
    customer.told.refunds[refund_id] = (
        refund["amount"],
        frozenset({"canceled"} if undone.status == 200 else {"succeeded"}),
    )


# How many of a hundred.
MIX: tuple[tuple[Scenario, int], ...] = (
    (automatic, 22), (with_card_number, 6), (with_upi, 3), (with_upi_approval, 2), (declined, 8), (approved_challenge, 7),
    (failed_challenge, 3), (captured_later, 9), (captured_in_part, 5), (canceled, 6), (left_authorized, 2),
    (capture_against_cancel, 4), (refunded, 8), (refunded_twice_in_part, 6), (refund_taken_back, 4),
    (refunded_slowly, 3), (refund_returned, 2),
)  # fmt: skip


def plan_round(seed: str, *, payments: int, merchants: int) -> list[tuple[Scenario, Told, random.Random]]:
    """The scenarios of a round in the order of their start; the same for the same seed."""
    dice = random.Random(f"{seed}:traffic")
    scenarios = [scenario for scenario, share in MIX for _ in range(share)]
    drawn = (scenarios * (payments // len(scenarios) + 1))[:payments]
    dice.shuffle(drawn)
    planned = []
    for number, scenario in enumerate(drawn):
        key = f"{seed}-{number}-{uuid.UUID(int=dice.getrandbits(128), version=4)}"
        told = Told(number % merchants, scenario.__name__, key, amount=dice.randrange(100, 100_000))
        planned.append((scenario, told, random.Random(f"{seed}:{number}")))
    return planned


def carry_out(scenario: Scenario, client: Client, told: Told, dice: random.Random) -> Told:
    """Play one scenario to its end, or to the end of its patience."""
    with contextlib.suppress(Unanswered):
        try:
            scenario(Customer(client, told, dice))
        except Unanswered as error:
            told.gave_up = str(error)
            raise
        except Exception as error:
            client.witness.note("error", unexpected=f"{told.kind}: {type(error).__name__}: {error}")
    return told


def is_final(status: str, told: Told) -> bool:
    """Whether a payment may rest in this state."""
    return status in FINAL or (status in ("requires_capture", "requires_action") and status in told.ends)
