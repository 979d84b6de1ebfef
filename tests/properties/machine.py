"""The machine that does to the gateway and to the model the same, in any order, and compares them after every step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, ClassVar

import time_machine
from django.db import transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.core.errors import DomainError
from merchants.models import Merchant
from payments.providers.base import Observation, Outcome, PaymentFact
from payments.services.call_off import call_off
from payments.services.cancel_order import cancel_order
from payments.services.cancel_payment import cancel_payment
from payments.services.capture_payment import capture_payment
from payments.services.carry_out_operation import carry_out_operation
from payments.services.confirm_payment import confirm_payment
from payments.services.create_order import create_order
from payments.services.create_payment import create_payment
from payments.services.expire_challenge import expire_challenge
from payments.services.expire_order import expire_order
from payments.services.settle_operation import settle_operation
from payments.services.settle_payment_fact import settle_payment_fact
from refunds.services.cancel_refund import cancel_refund
from refunds.services.carry_out_refund import carry_out_refund
from refunds.services.create_refund import create_refund
from refunds.services.refund_late_success import refund_late_success
from refunds.services.settle_refund import settle_refund
from tests.payments.factories import make_tenant
from tests.properties import gateway_side as gateway
from tests.properties.model import LOST, OPEN, Books, Operation, Order, Payment, Refund, Refused, Shown
from tests.properties.scripted import PROVIDER

WHICH = st.integers(0, 999)
# Per cent of what is there to take: nothing said, a little, nearly all, all, too much.
SHARE = st.sampled_from((None, 1, 30, 50, 99, 100, 101, 200))
News = tuple[Payment, list[Shown], PaymentFact]
WORDS = ("succeeded", "succeeded", "succeeded", "declined", "failed")
NO_WORDS = ("unknown", "not_sent", "refused", "pending", "tombstone")


def pick(things: Sequence[Any], which: int) -> Any:
    """One of them; the latest is most often the one where something may happen."""
    return things[-1] if which % 2 else things[which // 2 % len(things)]


def part(whole: int, share: int | None) -> int | None:
    return None if share is None else max(1, whole * share // 100)


class PaymentMachine(RuleBasedStateMachine):
    """One merchant's business. Each example is a transaction of its own, rolled back in the end."""

    steps: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        own: Any = transaction.atomic()
        self._transaction = own
        own._from_testcase = True  # so that a durable transaction may open within it
        self._transaction.__enter__()
        self.start = timezone.now()
        self.facts: list[News] = []
        self.contradicted: set[str] = set()  # of which the provider has told two things
        self.numbers = iter(range(1, 10_000))

    @initialize(basis_points=st.sampled_from((0, 200, 333)), fixed=st.sampled_from((0, 30)))
    def open_business(self, basis_points: int, fixed: int) -> None:
        self.tenant = make_tenant(fee_basis_points=basis_points)
        Merchant.objects.filter(id=self.tenant.merchant_id).update(fee_fixed=fixed)
        self.books = Books(basis_points=basis_points, fixed=fixed)

    def teardown(self) -> None:
        try:
            broken = gateway.broken_invariants()
            assert not broken, "\n".join(broken)
        finally:
            transaction.set_rollback(True)
            self._transaction.__exit__(None, None, None)

    @invariant()
    def both_agree(self) -> None:
        type(self).steps += 1
        found = gateway.difference(self.books, self.tenant)
        assert not found, "\n".join(found)

    def both(self, expected: Callable[[], Any], actual: Callable[[], Any]) -> tuple[Any, Any]:
        """Do both; both are refused with the same code, or none is. (None, None) when refused."""
        try:
            ours, refusal = expected(), None
        except Refused as refused:
            ours, refusal = None, refused.code
        try:
            theirs, code = actual(), None
        except DomainError as error:
            theirs, code = None, error.code
        assert code == refusal, f"the gateway says {code}, the model {refusal}"
        for payment in self.books.payments:
            if payment.id is not None:
                gateway.learn_operation_ids(payment)
        return ours, theirs

    # --- the merchant and the customer ------------------------------------------------------------------------------------

    @rule(amount=st.integers(1, 3000), currency=st.sampled_from(("EUR", "JPY", "BHD")), expires=st.booleans())
    def order(self, amount: int, currency: str, expires: bool) -> None:
        expires_at = self.start + timedelta(hours=1) if expires else None
        ours, theirs = self.both(
            lambda: self.books.create_order(amount, currency, expires=expires),
            lambda: create_order(
                tenant=self.tenant, amount=amount, currency=currency, expires_at=expires_at, now=self.start
            ),
        )
        ours.id = theirs.id

    @precondition(lambda self: self.books.orders)
    @rule(which=WHICH, share=SHARE, manual=st.booleans(), confirm=st.sampled_from((True, True, True, False)),
          too_late=st.sampled_from((False,) * 9 + (True,)))  # fmt: skip
    def pay(self, which: int, share: int | None, manual: bool, confirm: bool, too_late: bool) -> None:
        order: Order = pick(self.books.orders, which)
        amount = part(order.due, share)
        ours, theirs = self.both(
            lambda: self.books.create_payment(order, amount, manual=manual, confirm=confirm, too_late=too_late),
            lambda: create_payment(
                tenant=self.tenant,
                order_id=order.id,
                amount=amount,
                test_method="pm_card_visa",
                capture_method="manual" if manual else "automatic",
                confirm=confirm,
                now=self._clock(too_late),
            ),
        )
        if ours is not None:
            ours.id = theirs.id
            gateway.learn_operation_ids(ours)

    def _clock(self, too_late: bool) -> Any:
        return self.start + timedelta(hours=2) if too_late else self.start

    @precondition(lambda self: self.books.payments)
    @rule(which=WHICH, too_late=st.sampled_from((False,) * 9 + (True,)))
    def confirm(self, which: int, too_late: bool) -> None:
        payment: Payment = pick(self.books.payments, which)
        self.both(
            lambda: self.books.confirm(payment, too_late=too_late),
            lambda: confirm_payment(tenant=self.tenant, payment_id=payment.id, now=self._clock(too_late)),
        )

    @precondition(lambda self: self.books.payments)
    @rule(which=WHICH, share=SHARE, final=st.booleans())
    def capture(self, which: int, share: int | None, final: bool) -> None:
        candidates = [one for one in self.books.payments if one.status == "requires_capture"] or self.books.payments
        payment: Payment = pick(candidates, which)
        amount = part(payment.capturable, share)
        self.both(
            lambda: self.books.capture(payment, amount, final=final),
            lambda: capture_payment(
                tenant=self.tenant, payment_id=payment.id, amount=amount, final=final, now=self.start
            ),
        )

    @precondition(lambda self: self.books.payments)
    @rule(which=WHICH)
    def cancel(self, which: int) -> None:
        payment: Payment = pick(self.books.payments, which)
        self.both(
            lambda: self.books.cancel_payment(payment),
            lambda: cancel_payment(tenant=self.tenant, payment_id=payment.id, now=self.start),
        )

    @precondition(lambda self: self.books.orders)
    @rule(which=WHICH)
    def cancel_the_order(self, which: int) -> None:
        order: Order = pick(self.books.orders, which)
        self.both(
            lambda: self.books.cancel_order(order),
            lambda: cancel_order(tenant=self.tenant, order_id=order.id, now=self.start),
        )

    @precondition(lambda self: self.books.orders)
    @rule(which=WHICH)
    def expire_the_order(self, which: int) -> None:
        order: Order = pick(self.books.orders, which)
        self.both(
            lambda: self.books.expire_order(order),
            lambda: self._atomically(lambda: expire_order(order_id=order.id, now=self._clock(True))),
        )

    @precondition(lambda self: self.books.payments)
    @rule(which=WHICH, is_due=st.booleans())
    def expire_the_challenge(self, which: int, is_due: bool) -> None:
        payment: Payment = pick(self.books.payments, which)
        now = self.start + timedelta(hours=5 if is_due else 0)
        self.both(
            lambda: self.books.expire_challenge(payment, is_due=is_due),
            lambda: self._atomically(lambda: expire_challenge(payment_id=payment.id, now=now)),
        )

    @precondition(lambda self: self.books.payments)
    @rule(which=WHICH)
    def call_off(self, which: int) -> None:
        payment: Payment = pick(self.books.payments, which)
        self.both(
            lambda: self.books.call_off(payment),
            lambda: self._atomically(lambda: call_off(payment_id=payment.id, now=self.start)),
        )

    def _atomically(self, call: Callable[[], Any]) -> Any:
        with transaction.atomic():
            return call()

    # --- the provider's word about operations -----------------------------------------------------------------------------

    def _operations(self, *statuses: str) -> list[tuple[Payment, Operation]]:
        return [
            (payment, one) for payment in self.books.payments for one in payment.operations if one.status in statuses
        ]

    @precondition(lambda self: self._operations(*OPEN))
    @rule(which=WHICH, answer=st.sampled_from((*WORDS, "requires_action", "requires_action", *NO_WORDS)))
    def worker_asks(self, which: int, answer: str) -> None:
        payment, operation = pick(self._operations(*OPEN), which)
        if answer == "requires_action" and operation.kind != "authorize":
            answer = "succeeded"
        if answer == "tombstone" and (operation.kind == "void" or operation.status == "created"):
            answer = "unknown"
        PROVIDER.says = answer if answer in ("unknown", "not_sent", "refused") else gateway.word_about(
            payment, operation, answer
        )  # fmt: skip

        def expected() -> None:
            if self.books.asked(operation, answer):
                self.books.settle(payment, operation, "failed" if answer in ("tombstone", "refused") else answer)

        def actual() -> None:
            later = timedelta(minutes=16) if answer == "tombstone" else timedelta()
            with time_machine.travel(timezone.now() + later):
                carry_out_operation(gateway.claim_of("payments.carry_out_operation", operation.id))

        self.both(expected, actual)

    @precondition(lambda self: self._operations(*OPEN, "requires_action", "succeeded", "declined", "failed"))
    @rule(which=WHICH, word=st.sampled_from((*WORDS, "requires_action", "pending")))
    def provider_tells(self, which: int, word: str) -> None:
        """News of any age, about any operation, twice or contradicting what was said before."""
        payment, operation = pick(self._operations(*OPEN, "requires_action", "succeeded", "declined", "failed"), which)
        self._tell(payment, operation, word)

    @precondition(lambda self: self._operations("declined", "failed"))
    @rule(which=WHICH)
    def late_success(self, which: int) -> None:
        payment, operation = pick(self._operations("declined", "failed"), which)
        self._tell(payment, operation, "succeeded")

    @precondition(lambda self: self._operations("requires_action"))
    @rule(which=WHICH, word=st.sampled_from(("succeeded", "declined")))
    def customer_answers(self, which: int, word: str) -> None:
        payment, operation = pick(self._operations("requires_action"), which)
        self._tell(payment, operation, word)

    def _tell(self, payment: Payment, operation: Operation, word: str) -> None:
        if payment.voided_by_provider and word == "succeeded":
            return  # the provider itself has called this payment off for good
        self.both(
            lambda: self.books.settle(payment, operation, word),
            lambda: settle_operation(
                operation_id=operation.id, observation=gateway.word_about(payment, operation, word), now=self.start
            ),
        )

    # --- refunds ------------------------------------------------------------------------------------------------------------

    def _captured(self) -> list[Payment]:
        return [one for one in self.books.payments if one.captured]

    @precondition(lambda self: self.books.payments)
    @rule(which=WHICH, share=SHARE)
    def refund(self, which: int, share: int | None) -> None:
        payment: Payment = pick(self._captured() or self.books.payments, which)
        amount = part(payment.refundable, share)
        ours, theirs = self.both(
            lambda: self.books.create_refund(payment, amount),
            lambda: create_refund(tenant=self.tenant, payment_id=payment.id, amount=amount, now=self.start),
        )
        if ours is not None:
            ours.id = theirs.id

    @precondition(lambda self: any(one.late and one.captured for one in self.books.payments))
    @rule(which=WHICH)
    def send_late_money_back(self, which: int) -> None:
        payment = pick([one for one in self.books.payments if one.late and one.captured], which)
        ours, theirs = self.both(
            lambda: self.books.refund_late_success(payment),
            lambda: refund_late_success(payment_id=payment.id, now=self.start),
        )
        assert (ours is None) == (theirs is None)
        if ours is not None:
            ours.id = theirs.id

    @precondition(lambda self: self.books.refunds)
    @rule(which=WHICH)
    def cancel_a_refund(self, which: int) -> None:
        refund: Refund = pick(self.books.refunds, which)
        self.both(
            lambda: self.books.cancel_refund(refund),
            lambda: cancel_refund(tenant=self.tenant, refund_id=refund.id, now=self.start),
        )

    @precondition(lambda self: any(one.status in ("pending", "processing") for one in self.books.refunds))
    @rule(which=WHICH, answer=st.sampled_from((*WORDS, "pending", "unknown", "not_sent", "refused")))
    def worker_refunds(self, which: int, answer: str) -> None:
        refund: Refund = pick([one for one in self.books.refunds if one.status in ("pending", "processing")], which)
        PROVIDER.says = answer
        if answer not in ("unknown", "not_sent", "refused"):
            PROVIDER.says = Observation(Outcome(answer), "", f"rf-{refund.id}", refund.amount)

        def expected() -> None:
            if self.books.refund_asked(refund, answer):
                word, reference = ("failed", "") if answer == "refused" else (answer, f"rf-{refund.id}")
                self.books.settle_refund(refund, word, amount=refund.amount, reference=reference)

        self.both(expected, lambda: carry_out_refund(claim=gateway.claim_of("refunds.carry_out_refund", refund.id)))

    @precondition(lambda self: self.books.refunds)
    @rule(
        which=WHICH,
        word=st.sampled_from((*WORDS, "failed", "pending", "returned")),
        more=st.sampled_from((0, 0, 0, 1, -1)),
    )
    def provider_tells_of_a_refund(self, which: int, word: str, more: int) -> None:
        refund: Refund = pick(self.books.refunds, which)
        self.contradicted.add(refund.reference)
        amount = max(1, refund.amount + more)
        is_back = word == "returned"
        outcome = Outcome.FAILED if is_back else Outcome(word)
        observation = Observation(outcome, "", f"rf-{refund.id}", amount, was_sent=is_back)
        self.both(
            lambda: self.books.settle_refund(refund, word, amount=amount, reference=f"rf-{refund.id}"),
            lambda: settle_refund(refund_id=refund.id, fact=observation, now=self.start),
        )

    # --- what the provider did without us -------------------------------------------------------------------------------------

    def _settled(self) -> list[Payment]:
        return [one for one in self.books.payments if one.authorized and one.status not in LOST]

    def _look(self, payment: Payment) -> News:
        """What the provider shows of the payment now. It may reach us at once, later, again or never."""
        shown = self.books.shown(payment)
        self.facts.append((payment, shown, gateway.fact_of(payment, shown)))
        return self.facts[-1]

    def _bring(self, news: News, besides: Callable[[], Any] = lambda: None) -> None:
        payment, shown, fact = news

        def expected() -> None:
            besides()
            self.books.see_refunds(payment, shown)

        self.both(expected, lambda: settle_payment_fact(payment_id=payment.id, fact=fact, now=self.start))
        rows = gateway.external_refund_ids(payment)
        for one in payment.refunds:
            one.id = one.id or rows[one.reference]
        self._each_cent_once(payment)

    def _each_cent_once(self, payment: Payment) -> None:
        """The latest word that has reached us of a refund made elsewhere is what left the provider in our books."""
        moved = gateway.moved_outside(payment)
        for reference in payment.told.keys() - self.contradicted:
            amount, word = payment.told[reference]
            assert moved[reference] == (amount if word == "succeeded" else 0), f"{reference} {word}: {moved[reference]}"

    @precondition(lambda self: self._captured())
    @rule(which=WHICH, share=st.sampled_from((1, 50, 100, 101, 150)), word=st.sampled_from(("succeeded", "pending")),
          reaches_us=st.sampled_from((True, True, False)))  # fmt: skip
    def refund_made_elsewhere(self, which: int, share: int, word: str, reaches_us: bool) -> None:
        payment: Payment = pick(self._captured(), which)
        payment.external[f"ext-{next(self.numbers)}"] = part(payment.refundable, share) or 1, word
        news = self._look(payment)
        if reaches_us:
            self._bring(news)

    @precondition(lambda self: any(one.external for one in self.books.payments))
    @rule(which=WHICH, word=st.sampled_from(("succeeded", "failed")), reaches_us=st.sampled_from((True, True, False)))
    def refund_made_elsewhere_goes_on(self, which: int, word: str, reaches_us: bool) -> None:
        payment: Payment = pick([one for one in self.books.payments if one.external], which)
        reference = pick(list(payment.external), which)
        amount, before = payment.external[reference]
        if before == "succeeded" and word == "failed":
            word = "returned"
        payment.external[reference] = amount, before if before in ("failed", "returned") else word
        news = self._look(payment)
        if reaches_us:
            self._bring(news)

    @precondition(lambda self: self._settled())
    @rule(which=WHICH, amount=st.integers(1, 50))
    def capture_made_elsewhere(self, which: int, amount: int) -> None:
        payment: Payment = pick(self._settled(), which)
        payment.taken_outside += amount
        self._bring(self._look(payment), lambda: self.books.see_external_capture(payment))

    @precondition(
        lambda self: any(one.status in ("requires_action", "requires_capture") for one in self.books.payments)
    )
    @rule(which=WHICH)
    def void_made_elsewhere(self, which: int) -> None:
        live = [one for one in self.books.payments if one.status in ("requires_action", "requires_capture")]
        payment: Payment = pick(live, which)
        if any(one.kind == "void" and one.status == "succeeded" for one in payment.operations):
            return
        payment.voided_by_provider = True
        self._bring(self._look(payment), lambda: self.books.see_external_void(payment))

    @precondition(lambda self: self.facts)
    @rule(which=WHICH)
    def old_news(self, which: int) -> None:
        """Any fact that the provider ever showed, again or late."""
        self._bring(pick(self.facts, which))
