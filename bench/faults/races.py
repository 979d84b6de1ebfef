"""Everybody at once: the same key, the same money, the same payment. Exact counts are expected."""

from __future__ import annotations

import contextlib
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from bench.faults.client import Answer, Client, Json, Witness
from bench.faults.judge import Verdict, judge
from bench.faults.played import Played
from bench.faults.system import System
from demo.customer import Customer

SAME_KEY = 8
REFUNDS_AT_ONCE = 20
_HANDS = 24
_SETTLE_S = 120.0
_TOLD_ONCE = ("payment.authorized", "payment.captured", "payment.succeeded")


@dataclass(frozen=True)
class Sizes:
    """How many keys, refunded payments and contested payments a run has."""

    keys: int
    refunded: int
    contested: int


SIZES = {"small": Sizes(25, 5, 5), "default": Sizes(1_000, 200, 50), "full": Sizes(10_000, 1_000, 200)}


@dataclass
class RaceResults:
    """What the runs found. `lines` are for people."""

    runs: int = 0
    requests: int = 0
    failures: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """For the suite's last line."""
        return {"runs": self.runs, "requests": self.requests, "failures": len(self.failures)}


@dataclass(frozen=True)
class Raced:
    """One race: a line for people, what was not exact, and every payment that its racers know."""

    line: str
    failures: list[str]
    payments: set[str]


def run_races(played: Played, sizes: Sizes, *, runs: int) -> RaceResults:
    """Every race, some runs in a row, on a system that nothing strikes; then the oracle.

    The merchant has no webhook endpoints, and nobody rings the workers: deliveries and messages would only take the
    machine from the racers. Run it last; the broker stays away.
    """
    results, known = RaceResults(), set[str]()
    system, witness = played.system, Witness()
    system.disarm()
    if system.broker is not None:
        system.broker.stop()
    (merchant,) = system.seed_merchants(1, with_endpoints=False)
    client = Client(system.base_urls, merchant["key_id"], merchant["secret"], witness)
    for run in range(1, runs + 1):
        started = time.monotonic()
        for race in (same_key, refunds_of_sixty_percent, capture_cancel_refund, two_tabs, webhook_during_call):
            with _slow_answers(system, merchant) if race is webhook_during_call else contextlib.nullcontext():
                raced = race(client, sizes)
            known |= raced.payments
            results.lines.append(f"run {run}: {raced.line}")
            results.failures += [f"run {run}: {failure}" for failure in raced.failures]
            system.say(f"races, {results.lines[-1]}; {'exact' if not raced.failures else raced.failures[:5]}")
        results.runs = run
        results.lines.append(f"run {run}: {time.monotonic() - started:.0f} s")
    # A payment that no racer was told of is a second one.
    verdict: Verdict = judge(system, [merchant], [], known, witness)
    results.failures += [f"{kind}: {item}" for kind, items in verdict.failures.items() for item in items]
    results.requests = sum(witness.statuses.values())
    return results


def same_key(client: Client, sizes: Sizes) -> Raced:
    """The same key, many times at once: one payment, and everybody else gets its bytes or a 409."""
    failures: list[str] = []
    told: set[str] = set()
    outcomes: Counter[str] = Counter()

    def clicks(key: str) -> list[Answer | None]:
        body = {"amount": 1_000, "currency": "EUR", "payment_method": "pm_card_visa", "metadata": {"race": key}}
        return at_once([lambda: client.once("POST", "/api/v1/payments", body, key=key)] * SAME_KEY)

    keys = [f"race-{uuid.uuid4()}" for _ in range(sizes.keys)]
    with ThreadPoolExecutor(_HANDS // SAME_KEY) as hands:
        for key, answers in zip(keys, hands.map(clicks, keys), strict=True):
            made = {answer.body["id"] for answer in answers if answer and answer.status == 201}
            first = sum(1 for answer in answers if answer and answer.status == 201 and not answer.is_replay)
            told |= made
            codes = Counter(_code(answer) for answer in answers)
            outcomes += codes
            if len(made) != 1 or first != 1 or set(codes) - {"201", "409 idempotency_key_in_use"}:
                failures.append(f"key {key}: {len(made)} payments, {first} first answers, {dict(codes)}")
    by_key = Counter(each["metadata"].get("race") for each in client.listed("/api/v1/payments"))
    failures += [f"key {key}: {by_key[key]} payments in the list" for key in keys if by_key[key] != 1]
    return Raced(f"{sizes.keys} keys x {SAME_KEY} at once: {dict(outcomes)}", failures, told)


def refunds_of_sixty_percent(client: Client, sizes: Sizes) -> Raced:
    """Many refunds of 60 % of one payment at once: exactly one is accepted."""
    payments = _paid(client, sizes.refunded, amount=10_000)
    failures: list[str] = []
    outcomes: Counter[str] = Counter()

    def refund(payment_id: str) -> list[Answer | None]:
        body = {"payment": payment_id, "amount": 6_000}
        return at_once([lambda: client.call("POST", "/api/v1/refunds", body, key=str(uuid.uuid4()))] * REFUNDS_AT_ONCE)

    with ThreadPoolExecutor(2) as hands:
        for payment_id, answers in zip(payments, hands.map(refund, payments), strict=True):
            codes = Counter(_code(answer) for answer in answers)
            outcomes += codes
            if codes != {"201": 1, "409 amount_too_large": REFUNDS_AT_ONCE - 1}:
                failures.append(f"{payment_id}: {dict(codes)}")
    unsettled = _settled(client, payments, lambda payment: payment["amount_refunded"] == 6_000)
    failures += [f"{payment['id']}: refunded {payment['amount_refunded']}" for payment in unsettled]
    line = f"{len(payments)} payments x {REFUNDS_AT_ONCE} refunds of 60 %: {dict(outcomes)}"
    return Raced(line, failures, set(payments))


def capture_cancel_refund(client: Client, sizes: Sizes) -> Raced:
    """Capture, cancel and refund of one authorised payment at once: it ends captured (and perhaps refunded) or canceled."""
    payments = _paid(client, sizes.contested, amount=5_000, manual=True)
    failures: list[str] = []
    outcomes: Counter[str] = Counter()

    def contest(payment_id: str) -> list[Answer | None]:
        path = f"/api/v1/payments/{payment_id}"
        asks = [
            lambda: client.call("POST", f"{path}/capture", {}, key=str(uuid.uuid4())),
            lambda: client.call("POST", f"{path}/cancel", {}, key=str(uuid.uuid4())),
            lambda: client.call("POST", "/api/v1/refunds", {"payment": payment_id}, key=str(uuid.uuid4())),
        ]
        random.shuffle(asks)
        return at_once(asks)

    with ThreadPoolExecutor(_HANDS // 3) as hands:
        answers = dict(zip(payments, hands.map(contest, payments), strict=True))
    unsettled = _settled(client, payments, lambda payment: payment["status"] in ("succeeded", "canceled"))
    failures += [f"{payment['id']} is {payment['status']}" for payment in unsettled]
    for payment_id, heard in answers.items():
        payment = client.get(f"/api/v1/payments/{payment_id}")
        accepted = [answer.body for answer in heard if answer and answer.status in (200, 201)]
        refunds = sum(1 for body in accepted if body["object"] == "refund")
        outcomes[f"{payment['status']} and {len(accepted) - refunds} + {refunds} accepted"] += 1
        wanted = 5_000 if payment["status"] == "succeeded" else 0
        if payment["amount_captured"] != wanted or len(accepted) - refunds != 1 or (refunds and not wanted):
            failures.append(
                f"{payment_id}: {payment['status']}, captured {payment['amount_captured']}, {len(accepted)} accepted"
            )
    line = f"{len(payments)} payments, capture against cancel against refund: {dict(outcomes)}"
    return Raced(line, failures, set(payments))


def two_tabs(client: Client, sizes: Sizes) -> Raced:
    """Two tabs with one checkout link pay at once: the order is paid once, by one payment."""
    body = {"amount": 2_000, "currency": "EUR"}
    orders = [client.call("POST", "/api/v1/orders", body, key=str(uuid.uuid4())).body for _ in range(sizes.contested)]
    failures: list[str] = []
    payments: set[str] = set()

    def visit(order: Json) -> list[int]:
        tabs = [Customer.arrives(order["checkout_url"]) for _ in range(2)]
        at_once([lambda tab=tab: tab.pay_by_card("4242424242424242") for tab in tabs])  # type: ignore[misc]
        return [tab.page.status for tab in tabs]

    with ThreadPoolExecutor(4) as hands:
        for order, statuses in zip(orders, hands.map(visit, orders), strict=True):
            failures += [f"{order['id']}: a page answered {status}" for status in statuses if status >= 500]
    deadline = time.monotonic() + _SETTLE_S
    for order in orders:
        path = f"/api/v1/orders/{order['id']}"
        while (present := client.get(path))["status"] != "paid" and time.monotonic() < deadline:
            time.sleep(0.3)
        attempts = client.get(f"{path}/payments")["data"]
        payments |= {payment["id"] for payment in attempts}
        ends = Counter(payment["status"] for payment in attempts)
        if (
            present["amount_paid"] != 2_000
            or ends["succeeded"] != 1
            or ends.keys() - {"succeeded", "failed", "canceled"}
        ):
            failures.append(f"{order['id']}: {present['status']}, paid {present['amount_paid']}, payments {dict(ends)}")
    return Raced(f"{len(orders)} orders x 2 checkout tabs", failures, payments)


def webhook_during_call(client: Client, sizes: Sizes) -> Raced:
    """The bank's webhook is there before its answer: each fact is told, and posted, once. (The caller makes answers slow.)"""
    payments = _paid(client, sizes.contested, amount=3_000, manual=True)

    def capture_then_refund(payment_id: str) -> str:
        client.call("POST", f"/api/v1/payments/{payment_id}/capture", {}, key=str(uuid.uuid4()))
        _settled(client, [payment_id], lambda payment: payment["status"] == "succeeded")
        body = {"payment": payment_id, "amount": 1_000}
        return str(client.call("POST", "/api/v1/refunds", body, key=str(uuid.uuid4())).body["id"])

    with ThreadPoolExecutor(8) as hands:
        refunds = list(hands.map(capture_then_refund, payments))
    unsettled = _settled(client, payments, lambda payment: payment["amount_refunded"] == 1_000)
    failures = [f"{payment['id']}: refunded {payment['amount_refunded']}" for payment in unsettled]
    for payment_id in payments:
        told = Counter(event["type"] for event in client.listed(f"/api/v1/payments/{payment_id}/events"))
        if any(told[kind] != 1 for kind in _TOLD_ONCE):
            failures.append(f"{payment_id} told {dict(told)}")
    refunded = client.listed("/api/v1/events?type=refund.succeeded")
    times = Counter(event["data"]["object"]["id"] for event in refunded)
    failures += [f"{refund_id} succeeded {times[refund_id]} times" for refund_id in refunds if times[refund_id] != 1]
    line = f"{len(payments)} payments authorised, captured and refunded, the webhook before the answer"
    return Raced(line, failures, set(payments))


@contextlib.contextmanager
def _slow_answers(system: System, merchant: Json) -> Iterator[None]:
    """The bank commits and sends its webhook, and answers a second later."""
    plan = {"faults": ["delay_after_commit:1"], "next": 100_000, "probability": 1, "seed": 1, "operations": []}
    system.bank("POST", "/v1/faults", merchant["bank_key"], plan)
    try:
        yield
    finally:
        system.bank("DELETE", "/v1/faults", merchant["bank_key"])


def at_once(asks: Sequence[Callable[[], Answer | None]]) -> list[Answer | None]:
    """Everybody waits at the barrier, then everybody asks. Raises what one of them raised."""
    barrier = threading.Barrier(len(asks))

    def run(ask: Callable[[], Answer | None]) -> Answer | None:
        barrier.wait(timeout=60)
        return ask()

    with ThreadPoolExecutor(len(asks)) as racers:
        return [each.result() for each in [racers.submit(run, ask) for ask in asks]]


def _paid(client: Client, count: int, *, amount: int, manual: bool = False) -> list[str]:
    """So many payments that have their money (or its authorisation)."""
    body: Json = {"amount": amount, "currency": "EUR", "payment_method": "pm_card_visa"}
    body |= {"capture_method": "manual"} if manual else {}

    def pay(_: int) -> str:
        return str(client.call("POST", "/api/v1/payments", body, key=str(uuid.uuid4())).body["id"])

    with ThreadPoolExecutor(8) as hands:
        payments = list(hands.map(pay, range(count)))
    _settled(client, payments, lambda payment: payment["status"] in ("succeeded", "requires_capture"))
    return payments


def _settled(client: Client, payments: list[str], is_so: Callable[[Json], bool]) -> list[Json]:
    """Wait until this is so for all of them; those for which it is not in the end."""
    deadline = time.monotonic() + _SETTLE_S
    waiting = list(payments)
    last: list[Json] = []
    while waiting and time.monotonic() < deadline:
        last = [payment for payment in (client.get(f"/api/v1/payments/{one}") for one in waiting) if not is_so(payment)]
        waiting = [payment["id"] for payment in last]
        time.sleep(0.3)
    return last


def _code(answer: Answer | None) -> str:
    if answer is None:
        return "no answer"
    return str(answer.status) if answer.status < 400 else f"{answer.status} {answer.body.get('code')}"
