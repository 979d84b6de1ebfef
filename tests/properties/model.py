"""What must become of orders, payments, refunds and balances, in plain Python: written from GUARANTEES.md and
ARCHITECTURE.md, sharing no code with the gateway. Every verb raises `Refused` before it changes anything, or changes all.

Amounts are minor units. `ledger` holds debits less credits by (account, currency). Ids are filled in by whoever drives both.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

OPEN = ("created", "sent", "unknown")
LIVE = ("processing", "requires_action", "requires_capture")
LOST = ("failed", "canceled", "expired")
PAYABLE = ("created", "attempted", "partially_paid")
BEFORE = ("requires_payment_method", "requires_confirmation")
_BEYOND = "external_refund_beyond_captured"
_AGES = {"pending": 0, "failed": 1, "succeeded": 1, "returned": 2}


class Refused(Exception):
    """The verb must be refused, with this code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(eq=False)
class Order:
    amount: int
    currency: str
    expires: bool = False
    status: str = "created"
    paid: int = 0
    refunded: int = 0
    live: Payment | None = None
    waiting: Payment | None = None
    id: Any = None

    @property
    def due(self) -> int:
        return max(0, self.amount - self.paid)


@dataclass(eq=False)
class Operation:
    kind: str
    amount: int
    status: str = "created"
    final: bool = False
    purpose: str = ""
    only_if_waiting: bool = False
    captured: int = 0
    fee: int = 0
    taken: int = 0  # what the provider says it took, in our books or in suspense
    id: Any = None


@dataclass(eq=False)
class Payment:
    order: Order
    amount: int
    manual: bool
    status: str
    authorized: int = 0
    capture_pending: int = 0
    captured: int = 0
    refund_pending: int = 0
    refunded: int = 0
    counts: bool = True
    late: str = ""
    voided_by_provider: bool = False
    operations: list[Operation] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    external: dict[str, tuple[int, str]] = field(default_factory=dict)  # reference -> amount, the provider's last word
    told: dict[str, tuple[int, str]] = field(default_factory=dict)  # the same, as far as it has reached us
    taken_outside: int = 0
    id: Any = None

    @property
    def open(self) -> Operation | None:
        return next((one for one in self.operations if one.status in OPEN), None)

    @property
    def authorize(self) -> Operation | None:
        return next((one for one in reversed(self.operations) if one.kind == "authorize"), None)

    @property
    def capturable(self) -> int:
        return self.authorized - self.captured - self.capture_pending if self.status == "requires_capture" else 0

    @property
    def refundable(self) -> int:
        return self.captured - self.refunded - self.refund_pending


@dataclass(eq=False)
class Refund:
    payment: Payment
    amount: int
    legs: list[tuple[Operation, str, int]]
    reference: str = ""
    external: bool = False
    status: str = "pending"
    sends: int = 0
    has_succeeded: bool = False
    id: Any = None

    @property
    def source(self) -> str:
        """What the provider's word about its amount is kept under."""
        return self.reference or f"rfd-{self.id}"


@dataclass(frozen=True)
class Shown:
    """A refund as the provider shows it on its payment; without `refund`, one that was made there."""

    reference: str
    amount: int
    word: str
    refund: Refund | None = None


class Books:
    """A merchant's whole business."""

    def __init__(self, *, basis_points: int, fixed: int) -> None:
        self.basis_points, self.fixed = basis_points, fixed
        self.orders: list[Order] = []
        self.payments: list[Payment] = []
        self.refunds: list[Refund] = []
        self.ledger: Counter[tuple[str, str]] = Counter()
        self.suspended: Counter[tuple[str, str]] = Counter()  # (kind, the provider's object) -> posted so far
        self.standing: Counter[tuple[str, str]] = (
            Counter()
        )  # the same, as long as it stands in suspense; out is negative
        self.anomalies: Counter[tuple[str, Any]] = Counter()  # (kind, subject)

    # --- orders and attempts ----------------------------------------------------------------------------------------

    def create_order(self, amount: int, currency: str, *, expires: bool) -> Order:
        order = Order(amount, currency, expires)
        self.orders.append(order)
        return order

    def cancel_order(self, order: Order) -> None:
        if order.status not in PAYABLE:
            raise Refused("invalid_state")
        if order.live is not None:
            raise Refused("another_payment_in_progress")
        order.status = "canceled"

    def expire_order(self, order: Order) -> None:
        if order.expires and order.status in PAYABLE and order.live is None:
            order.status = "expired"

    def create_payment(
        self, order: Order, amount: int | None, *, manual: bool, confirm: bool, too_late: bool
    ) -> Payment:
        wanted = order.due if amount is None else amount
        self._must_be_payable(order, wanted, too_late)
        payment = Payment(order, wanted, manual, "requires_confirmation")
        if confirm:
            self._must_be_free(order)
        self.payments.append(payment)
        if confirm:
            self._start(payment)
        return payment

    def confirm(self, payment: Payment, *, too_late: bool) -> None:
        if payment.status not in BEFORE:
            raise Refused("invalid_state")
        self._must_be_payable(payment.order, payment.amount, too_late)
        self._must_be_free(payment.order)
        self._start(payment)

    def _must_be_payable(self, order: Order, amount: int, too_late: bool) -> None:
        if order.status not in PAYABLE or (too_late and order.expires):
            raise Refused("order_not_payable")
        if amount > order.due:
            raise Refused("amount_too_large")

    def _must_be_free(self, order: Order) -> None:
        """Only a payment that waits for its customer can be called off, and only one attempt may wait for that."""
        if order.live is not None and (order.live.status != "requires_action" or order.waiting is not None):
            raise Refused("another_payment_in_progress")

    def _start(self, payment: Payment) -> None:
        order = payment.order
        payment.status = "processing"
        if order.status == "created":
            order.status = "attempted"
        if order.live is None:
            order.live = payment
            payment.operations.append(Operation("authorize", payment.amount))
        else:
            order.waiting = payment
            if order.live.open is None:
                self._void(order.live, "new_attempt")

    def cancel_payment(self, payment: Payment) -> None:
        if payment.order.waiting is payment:
            payment.order.waiting = None
            payment.status = "canceled"
        elif payment.status in BEFORE:
            payment.status = "canceled"
        elif payment.open is not None:
            raise Refused("payment_operation_in_progress")
        elif payment.status in ("requires_action", "requires_capture"):
            self._void(payment, "requested")
        else:
            raise Refused("invalid_state")

    def expire_challenge(self, payment: Payment, *, is_due: bool) -> None:
        if is_due and payment.status == "requires_action" and payment.open is None:
            self._void(payment, "expiry")

    def capture(self, payment: Payment, amount: int | None, *, final: bool) -> None:
        if payment.status != "requires_capture" or not payment.counts:
            raise Refused("invalid_state")
        if payment.open is not None:
            raise Refused("payment_operation_in_progress")
        wanted = payment.capturable if amount is None else amount
        if wanted > payment.capturable:
            raise Refused("amount_too_large")
        operation = Operation("capture", wanted, final=final or wanted == payment.capturable)
        payment.capture_pending += wanted
        payment.operations.append(operation)

    def _void(self, payment: Payment, purpose: str) -> None:
        waiting = payment.status == "requires_action"
        payment.operations.append(Operation("void", payment.amount, purpose=purpose, only_if_waiting=waiting))

    # --- the provider's word about an operation ------------------------------------------------------------------------

    def asked(self, operation: Operation, answer: str) -> bool:
        """The worker asked and got no word: what is known now. True: `answer` is a word, and settles the operation."""
        is_first = operation.status == "created"
        if answer == "unknown" or (answer in ("not_sent", "refused") and not is_first):
            operation.status = "unknown"
        elif answer == "pending":
            operation.status = "sent"
        elif answer != "not_sent":
            return True
        return False

    def settle(self, payment: Payment, operation: Operation, word: str) -> None:
        {"authorize": self._authorized, "capture": self._captured, "void": self._voided}[operation.kind](
            payment, operation, word
        )
        self._release(payment)

    def _authorized(self, payment: Payment, operation: Operation, word: str) -> None:
        undecided = operation.status in (*OPEN, "requires_action")
        if word == "requires_action" and operation.status in OPEN:
            operation.status = payment.status = "requires_action"
        elif word == "succeeded" and undecided:
            operation.status = "succeeded"
            self._authorize(payment, operation.amount)
            if payment.manual:
                payment.status = "requires_capture"
            else:
                self._take(payment, operation, operation.amount)
        elif word == "succeeded" and operation.status != "succeeded" and payment.status in LOST:
            self._late(payment, operation)
        elif word in ("declined", "failed") and undecided:
            operation.status, payment.status = word, "failed"

    def _late(self, payment: Payment, operation: Operation) -> None:
        order = payment.order
        operation.status = "succeeded"
        wanted = order.status in PAYABLE and order.live is None and order.due >= operation.amount
        if not wanted:
            payment.counts = False
            payment.late = "order_closed" if order.status in ("expired", "canceled") else "duplicate"
        self._authorize(payment, operation.amount)
        if not payment.manual:
            self._take(payment, operation, operation.amount)
            return
        payment.status = "requires_capture"
        if wanted:
            order.live = payment
        elif payment.open is None:
            self._void(payment, payment.late)

    def _authorize(self, payment: Payment, amount: int) -> None:
        payment.authorized = amount
        self._post("authorizations_receivable", "authorizations_payable", amount, payment)

    def _captured(self, payment: Payment, operation: Operation, word: str) -> None:
        if word == "succeeded" and operation.status != "succeeded":
            if operation.status in OPEN:
                payment.capture_pending -= operation.amount
            operation.status, operation.taken = "succeeded", operation.amount
            if payment.status == "requires_capture" and operation.amount <= payment.capturable:
                self._take(payment, operation, operation.amount)
            else:
                self._suspend(payment, "capture_beyond_authorization", f"cap-{operation.id}", operation.amount, way=1)
        elif word in ("declined", "failed") and operation.status in OPEN:
            payment.capture_pending -= operation.amount
            operation.status = "failed"

    def _take(self, payment: Payment, operation: Operation, amount: int) -> None:
        left = payment.authorized - payment.captured
        is_last = operation.final or amount == left
        self._post("authorizations_payable", "authorizations_receivable", left if is_last else amount, payment)
        fee = self._fee(amount)
        self._post("provider_clearing", "merchant_pending", amount, payment)
        self._post("merchant_pending", "gateway_fees", fee, payment)
        operation.captured, operation.fee, operation.taken = amount, fee, amount
        payment.captured += amount
        payment.status = "succeeded" if is_last else "requires_capture"
        if payment.counts:
            order = payment.order
            order.paid += amount
            order.status = "paid" if order.paid >= order.amount else "partially_paid"

    def _fee(self, amount: int) -> int:
        share = (Decimal(amount) * self.basis_points / 10_000).quantize(Decimal(1), rounding=ROUND_HALF_UP)
        return min(amount, int(share) + self.fixed)

    def _voided(self, payment: Payment, operation: Operation, word: str) -> None:
        if word == "succeeded" and operation.status != "succeeded":
            operation.status = "succeeded"
            self._give_back(payment, operation.purpose)
        elif word in ("declined", "failed") and operation.status in OPEN:
            operation.status = "failed"
            if operation.only_if_waiting and payment.late and payment.status == "requires_capture" and not payment.open:
                # It could only call off a challenge; the money that came late has still to go back.
                self._void(payment, payment.late)
                return
            refusals = sum(one.kind == "void" and one.status == "failed" for one in payment.operations)
            if refusals >= 5 and payment.status in LIVE:
                self.anomalies["void_refused", payment] = 1

    def call_off(self, payment: Payment) -> None:
        """The timer of a payment that must be given back, and of the attempt that waits for its end."""
        if payment.open is not None:
            return
        if payment.status == "requires_capture" and not payment.counts:
            self._void(payment, payment.late)
        elif (
            payment.status == "requires_action" and payment.order.live is payment and payment.order.waiting is not None
        ):
            self._void(payment, "new_attempt")

    def _give_back(self, payment: Payment, purpose: str) -> None:
        if payment.status in LOST:
            return
        if payment.status == "succeeded":
            self.anomalies["voided_after_success", payment] = 1
            return
        if payment.status == "requires_capture":
            left = payment.authorized - payment.captured
            self._post("authorizations_payable", "authorizations_receivable", left, payment)
            if payment.captured:
                payment.status = "succeeded"
                return
        elif payment.authorize is not None and payment.authorize.status in (*OPEN, "requires_action"):
            payment.authorize.status = "failed"
        payment.status = "expired" if purpose == "expiry" else "canceled"

    def _release(self, payment: Payment) -> None:
        order = payment.order
        if order.live is not payment:
            return
        if payment.status in LIVE:
            if payment.status == "requires_capture" and order.waiting is not None:
                order.waiting.status, order.waiting = "canceled", None
            return
        order.live, following = None, order.waiting
        order.waiting = None
        if following is None:
            return
        if order.status in PAYABLE and following.amount <= order.due:
            order.live = following
            following.operations.append(Operation("authorize", following.amount))
        else:
            following.status = "canceled"

    # --- refunds --------------------------------------------------------------------------------------------------------

    def create_refund(self, payment: Payment, amount: int | None) -> Refund:
        if payment.captured == 0:
            raise Refused("payment_not_captured")
        if payment.refundable <= 0 or (amount is not None and amount > payment.refundable):
            raise Refused("amount_too_large")
        return self._open_refund(payment, payment.refundable if amount is None else amount)

    def refund_late_success(self, payment: Payment) -> Refund | None:
        return self._open_refund(payment, payment.refundable) if payment.refundable > 0 else None

    def _open_refund(self, payment: Payment, amount: int, reference: str = "") -> Refund:
        refund = Refund(payment, amount, self._legs(payment, amount), reference, external=bool(reference))
        payment.refunds.append(refund)
        self.refunds.append(refund)
        payment.refund_pending += amount
        for _, account, part in refund.legs:
            self._post(account, "refunds_in_transit", part, payment)
        return refund

    def _legs(self, payment: Payment, amount: int) -> list[tuple[Operation, str, int]]:
        """Newest capture first; what it still holds in merchant_pending, then what the merchant owes. The fee is kept."""
        standing = [leg for one in payment.refunds if one.status not in ("failed", "canceled") for leg in one.legs]
        legs = []
        for capture in reversed(payment.operations):
            drawn = [(account, part) for source, account, part in standing if source is capture]
            taken = min(amount, capture.captured - sum(part for _, part in drawn))
            held = (
                capture.captured - capture.fee - sum(part for account, part in drawn if account == "merchant_pending")
            )
            pending = min(taken, held)
            legs += [(capture, "merchant_pending", pending)] if pending else []
            legs += [(capture, "merchant_receivable", taken - pending)] if taken > pending else []
            amount -= taken
        assert amount == 0
        return legs

    def cancel_refund(self, refund: Refund) -> None:
        if refund.status == "canceled":
            raise Refused("invalid_state")
        if refund.status != "pending" or refund.sends:
            raise Refused("refund_already_sent")
        refund.status = "canceled"
        refund.payment.refund_pending -= refund.amount
        self._return_legs(refund)

    def refund_asked(self, refund: Refund, answer: str) -> bool:
        """The worker carries it out. True: `answer` is a word, and settles the refund."""
        if refund.status not in ("pending", "processing") or refund.reference:
            return False
        is_first = refund.sends == 0
        refund.sends += 1
        refund.status = "processing"
        if answer == "unknown":
            return False
        if answer in ("not_sent", "refused"):
            refund.sends = 0 if is_first else refund.sends
            return is_first and answer == "refused"
        return True

    def settle_refund(self, refund: Refund, word: str, *, amount: int = 0, reference: str = "") -> None:
        payment = refund.payment
        if word == "returned" and refund.status in ("pending", "processing"):
            # The money was with the customer's bank, although nobody had told us.
            self.settle_refund(refund, "succeeded", amount=amount, reference=reference)
        if word == "succeeded" and refund.status in ("pending", "processing"):
            refund.status, refund.has_succeeded = "succeeded", True
            refund.reference = refund.reference or reference
            payment.refund_pending -= refund.amount
            self._count_refunded(payment, refund.amount)
            self._post("refunds_in_transit", "provider_clearing", refund.amount, payment)
            if amount not in (0, refund.amount):
                more = amount - refund.amount
                self._suspend(payment, "refund_amount_differs", refund.source, abs(more), way=-1 if more > 0 else 1)
        elif word == "succeeded" and refund.status in ("failed", "canceled") and not refund.has_succeeded:
            self._suspend(payment, "refund_contradiction", refund.source, amount or refund.amount, way=-1)
        elif word in ("failed", "declined", "returned") and refund.status in ("failed", "canceled"):
            if word == "returned" and not refund.has_succeeded:  # out and back, although both were denied before
                self._suspend(payment, "refund_contradiction", refund.source, amount or refund.amount, way=-1)
            self._leave_suspense(payment, "refund_contradiction", refund.source)
        elif word in ("failed", "declined") and refund.status in ("pending", "processing"):
            refund.status = "failed"
            refund.reference = refund.reference or reference
            payment.refund_pending -= refund.amount
            self._return_legs(refund)
            self._ask_about_unwanted(payment)
        elif word in ("failed", "declined", "returned") and refund.status == "succeeded":
            refund.status = "failed"
            self._count_refunded(payment, -refund.amount)
            self._post("provider_clearing", "refunds_in_transit", refund.amount, payment)
            self._return_legs(refund)
            self._leave_suspense(payment, "refund_amount_differs", refund.source)
            self._ask_about_unwanted(payment)
        elif word == "pending" and refund.status in ("pending", "processing"):
            refund.status = "processing"
            refund.reference = refund.reference or reference

    def _ask_about_unwanted(self, payment: Payment) -> None:
        if not payment.counts:
            self.anomalies["late_success_not_returned", payment] = 1

    def _return_legs(self, refund: Refund) -> None:
        for _, account, part in refund.legs:
            self._post("refunds_in_transit", account, part, refund.payment)

    def _count_refunded(self, payment: Payment, amount: int) -> None:
        payment.refunded += amount
        if payment.counts:
            payment.order.refunded += amount

    # --- what the provider did without us ---------------------------------------------------------------------------------

    def shown(self, payment: Payment) -> list[Shown]:
        """The refunds on the provider's payment now: ours that have an end, then those made without us."""
        own = [one for one in payment.refunds if not one.external and one.status in ("succeeded", "failed")]
        return [
            *(Shown(f"rf-{one.id}", one.amount, one.status, one) for one in own),
            *(Shown(reference, amount, word) for reference, (amount, word) in payment.external.items()),
        ]

    def see_refunds(self, payment: Payment, shown: list[Shown]) -> None:
        """A whole fact, of whatever age: each of its refunds is looked at with the room that there is now."""
        for one in shown:
            known = one.refund or next((own for own in payment.refunds if own.reference == one.reference), None)
            if known is not None:
                self.settle_refund(known, one.word, amount=one.amount, reference=one.reference)
            else:
                self._see_outside(payment, one)
            if one.refund is None and _is_newer(one.word, payment.told.get(one.reference)):
                payment.told[one.reference] = one.amount, one.word

    def _see_outside(self, payment: Payment, one: Shown) -> None:
        fits = one.amount <= payment.refundable and not self.suspended[_BEYOND, one.reference]
        if fits and one.word != "failed":
            opened = self._open_refund(payment, one.amount, one.reference)
            self.settle_refund(opened, one.word, amount=one.amount, reference=one.reference)
            return
        if one.word in ("succeeded", "returned"):  # what has not moved stands nowhere
            self._suspend(payment, _BEYOND, one.reference, one.amount, way=-1)
        if one.word in ("failed", "returned"):
            self._leave_suspense(payment, _BEYOND, one.reference)

    def see_external_capture(self, payment: Payment) -> None:
        self._suspend(payment, "external_capture", f"pay-{payment.id}", payment.taken_outside, way=1)

    def see_external_void(self, payment: Payment) -> None:
        self._give_back(payment, "")
        self._release(payment)

    def _suspend(self, payment: Payment, kind: str, source: str, cumulative: int, *, way: int) -> None:
        amount = cumulative - self.suspended[kind, source]
        if amount <= 0:
            return
        self.suspended[kind, source] += amount
        self.standing[kind, source] += way * amount
        sides = ("provider_clearing", "suspense") if way > 0 else ("suspense", "provider_clearing")
        self._post(*sides, amount, payment)
        self.anomalies[kind, payment] += 1

    def _leave_suspense(self, payment: Payment, kind: str, source: str) -> None:
        """The provider has the money back; what was once suspended is not suspended a second time."""
        self._post("suspense", "provider_clearing", self.standing.pop((kind, source), 0), payment)

    def _post(self, debit: str, credit: str, amount: int, payment: Payment) -> None:
        self.ledger[debit, payment.order.currency] += amount
        self.ledger[credit, payment.order.currency] -= amount


def _is_newer(word: str, before: tuple[int, str] | None) -> bool:
    """What a provider says of one refund: pending, then failed or succeeded, and after success returned."""
    return before is None or _AGES[word] > _AGES[before[1]]
