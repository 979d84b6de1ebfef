"""A provider in memory: it honours keys, tombstones and unknown outcomes, so that services can be tested at unit speed.

Named in the settings as `fake`. A test scripts it by the card's number (`method_reference`) or by `next_faults`.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count

from payments.providers.base import (
    AccountCredentials,
    AuthorizeRequest,
    BadSignature,
    Capabilities,
    CaptureFact,
    CaptureRequest,
    CardInput,
    MethodInput,
    NamedTestMethod,
    NextAction,
    NotDone,
    Observation,
    Outcome,
    OutcomeUnknown,
    PaymentFact,
    ProviderEvent,
    RefundFact,
    RefundRequest,
    Refused,
    TokenizedMethod,
    VoidRequest,
)

DECLINES = {"4000000000009995": "insufficient_funds", "4000000000000002": "generic_decline"}
CHALLENGES = {"4000000000003220"}
TOMBSTONE = Observation(Outcome.FAILED, "", code="voided_by_key", voided_by_key=True)


@dataclass
class FakePayment:
    """One payment at the provider."""

    reference: str
    authorize_id: str
    amount: int
    currency: str
    capture: bool
    status: str = "declined"  # requires_action | authorized | captured | declined | voided
    decline: str = ""
    authorized: int = 0
    captures: list[CaptureFact] = field(default_factory=list)
    refunds: list[RefundFact] = field(default_factory=list)
    void_id: str = ""

    def fact(self) -> PaymentFact:
        return PaymentFact(
            provider_reference=self.reference,
            authorize_operation_id=self.authorize_id,
            authorize=self.observed(),
            currency=self.currency,
            amount_authorized=self.authorized,
            amount_captured=sum(capture.amount for capture in self.captures),
            amount_refunded=sum(refund.amount for refund in self.refunds),
            voided=self.status == "voided",
            void_operation_id=self.void_id,
            captures=tuple(self.captures),
            refunds=tuple(self.refunds),
        )

    def observed(self) -> Observation:
        if self.authorized:
            return Observation(Outcome.SUCCEEDED, self.reference, self.reference, self.authorized)
        if self.status == "requires_action":
            action = NextAction("redirect", f"https://bank.test/{self.reference}", "https://bank.test")
            return Observation(Outcome.REQUIRES_ACTION, self.reference, self.reference, next_action=action)
        if self.status == "voided":
            return Observation(Outcome.FAILED, self.reference, code="payment_voided")
        return Observation(Outcome.DECLINED, self.reference, code="card_declined", decline_code=self.decline)

    def approve(self) -> None:
        self.status, self.authorized = "authorized", self.amount
        if self.capture:
            self.take(self.authorize_id, self.amount)

    def take(self, our_id: str, amount: int) -> None:
        self.status = "captured"
        self.captures.append(CaptureFact(f"fcap_{our_id}", our_id, amount))


class FakeProvider:
    """One per process; `reset()` before each test."""

    name = "fake"
    capabilities = Capabilities(void_if_absent=True, key_retention=None, method_types=frozenset({"card", "upi"}))

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.reset()

    def reset(self) -> None:
        self.payments: dict[str, FakePayment] = {}
        self.answers: dict[str, Observation] = {}  # by key
        self.sent: list[tuple[str, str]] = []  # (verb, key) of every request that arrived
        self.next_faults: deque[str] = deque()  # not_sent | refused | rate_limited | lost_before | lost_after
        self._numbers = count(1)

    @property
    def only(self) -> FakePayment:
        (payment,) = self.payments.values()
        return payment

    def of(self, operation_id: str) -> FakePayment:
        return next(payment for payment in self.payments.values() if payment.authorize_id == operation_id)

    # --- the contract -----------------------------------------------------------------------------------------------

    def tokenize(self, account: AccountCredentials, method: MethodInput) -> TokenizedMethod:
        if isinstance(method, NamedTestMethod):
            if method.name != "pm_card_visa":
                raise Refused("unknown_test_method", "There is no such test method.", field="payment_method")
            return self.tokenize(account, CardInput("4242424242424242", 12, 2040, "123"))
        if isinstance(method, CardInput):
            details = {"brand": "visa", "last4": method.number[-4:], "exp_month": method.exp_month}
            return TokenizedMethod(f"ftok_{method.number}", "card", details, f"fp-{method.number}")
        return TokenizedMethod(f"fupi_{method.vpa}", "upi", {"vpa_masked": "s***@upi"}, "fp-upi")

    def authorize(self, account: AccountCredentials, request: AuthorizeRequest) -> Observation:
        def run() -> Observation:
            number = request.method_reference.removeprefix("ftok_")
            payment = FakePayment(
                f"fpay_{next(self._numbers)}", request.operation_id, request.amount, request.currency, request.capture
            )
            self.payments[payment.reference] = payment
            if number in CHALLENGES:
                payment.status = "requires_action"
            elif number in DECLINES:
                payment.decline = DECLINES[number]
            else:
                payment.approve()
            return replace(payment.observed(), payment=payment.fact())

        return self._once("authorize", request.operation_id, run)

    def capture(self, account: AccountCredentials, request: CaptureRequest) -> Observation:
        def run() -> Observation:
            payment = self.payments[request.provider_reference]
            taken = sum(capture.amount for capture in payment.captures)
            if payment.status == "voided" or taken + request.amount > payment.authorized:
                return Observation(Outcome.FAILED, payment.reference, code="invalid_state", payment=payment.fact())
            payment.take(request.operation_id, request.amount)
            reference = f"fcap_{request.operation_id}"
            return Observation(Outcome.SUCCEEDED, payment.reference, reference, request.amount, payment=payment.fact())

        return self._once("capture", request.operation_id, run)

    def void(self, account: AccountCredentials, request: VoidRequest) -> Observation:
        def run() -> Observation:
            payment = self.payments[request.provider_reference]
            refused = payment.status == "captured" or (request.only_if_waiting and payment.status != "requires_action")
            if refused:
                code = "not_waiting" if request.only_if_waiting else "invalid_state"
                return Observation(Outcome.FAILED, payment.reference, code=code, payment=payment.fact())
            payment.status, payment.void_id = "voided", request.operation_id
            return Observation(Outcome.SUCCEEDED, payment.reference, payment.reference, payment=payment.fact())

        return self._once("void", request.operation_id, run)

    def refund(self, account: AccountCredentials, request: RefundRequest) -> Observation:
        def run() -> Observation:
            payment = self.payments[request.provider_reference]
            reference = f"fref_{request.refund_id}"
            payment.refunds.append(RefundFact(reference, request.refund_id, request.amount, Outcome.SUCCEEDED))
            return Observation(Outcome.SUCCEEDED, payment.reference, reference, request.amount, payment=payment.fact())

        return self._once("refund", request.refund_id, run)

    def void_if_absent(self, account: AccountCredentials, *, target_operation_id: str) -> Observation:
        with self._lock:
            self.sent.append(("void_if_absent", target_operation_id))
            if target_operation_id not in self.answers:
                self.answers[target_operation_id] = TOMBSTONE
            return self.answers[target_operation_id]

    def fetch_payment(
        self, account: AccountCredentials, *, provider_reference: str = "", operation_id: str = ""
    ) -> PaymentFact | None:
        with self._lock:
            for payment in self.payments.values():
                if payment.reference == provider_reference or payment.authorize_id == operation_id:
                    return payment.fact()
        return None

    def verify_event(
        self, account: AccountCredentials, *, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> ProviderEvent:
        raise BadSignature("the fake sends no events")

    def _once(self, verb: str, key: str, run: object) -> Observation:
        """A fault strikes only the first request with a key, like the bank's."""
        with self._lock:
            fault = self.next_faults.popleft() if self.next_faults and key not in self.answers else ""
            if fault == "not_sent":
                raise NotDone("provider_unreachable", "connection refused", retryable=True)
            if fault == "rate_limited":
                raise NotDone("rate_limited", "slow down", retryable=True, retry_after_s=1)
            if fault == "refused":
                raise NotDone("not_supported", "this provider does not do that", retryable=False)
            self.sent.append((verb, key))
            if fault == "lost_before":
                raise OutcomeUnknown("the connection was cut")
            if key not in self.answers:
                self.answers[key] = run()  # type: ignore[operator]
            if fault == "lost_after":
                raise OutcomeUnknown("the answer was lost")
            return self.answers[key]


PROVIDER = FakeProvider()


def fake_provider() -> FakeProvider:
    """What `settings.PROVIDERS["fake"]` names: always the same one."""
    return PROVIDER
