"""The gateway as the machine sees it: what its rows and its ledger say, and the facts that a provider may bring."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from gateway.core.ids import to_public
from gateway.core.invariants import run
from gateway.core.tenancy import Tenant
from gateway.ledger.selectors.transactions import net_of
from gateway.ledger.states import AccountType
from gateway.work.services.claim import Claim
from payments.models import Anomaly, Operation, Order, Payment
from payments.providers.base import CaptureFact, Observation, Outcome, PaymentFact, RefundFact
from payments.rules.ledger_accounts import provider_object_source
from refunds.models import Refund
from tests.properties import model

_BALANCES = """
SELECT a.type, a.currency, sum(CASE e.direction WHEN 'debit' THEN e.amount ELSE -e.amount END)::bigint
FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
JOIN ledger_transaction t ON t.id = e.transaction_id WHERE t.merchant_id = %s GROUP BY 1, 2
"""


def claim_of(kind: str, subject_id: Any) -> Claim:
    """A claim as a worker holds it, over a row that stays where it is."""
    return Claim(subject_id, kind, subject_id, None, attempts=1, epoch=0, lease_until=timezone.now())


def difference(books: model.Books, tenant: Tenant) -> list[str]:
    """Where the gateway and the model disagree, as sentences."""
    pairs = [
        ("orders", _orders(tenant), {one.id: _order(one) for one in books.orders}),
        ("payments", _payments(tenant), {one.id: _payment(one) for one in books.payments}),
        ("operations", _operations(tenant), {one.id: _operation_shapes(one) for one in books.payments}),
        ("refunds", _refunds(tenant), {one.id: _refund(one) for one in books.refunds}),
        ("balances", _balances(tenant), {key: amount for key, amount in books.ledger.items() if amount}),
        ("anomalies", _anomalies(tenant), {(kind, one.id): n for (kind, one), n in books.anomalies.items()}),
    ]
    return [
        f"{what} {key}: gateway {actual.get(key)}, model {expected.get(key)}"
        for what, actual, expected in pairs
        for key in {*actual, *expected}
        if actual.get(key) != expected.get(key)
    ]


def _orders(tenant: Tenant) -> dict[Any, Any]:
    rows = Order.objects.for_merchant(tenant)
    names = ("status", "amount_paid", "amount_refunded", "live_payment_id", "next_payment_id")
    return {row[0]: row[1:] for row in rows.values_list("id", *names)}


def _order(one: model.Order) -> Any:
    return one.status, one.paid, one.refunded, one.live and one.live.id, one.waiting and one.waiting.id


def _payments(tenant: Tenant) -> dict[Any, Any]:
    rows = Payment.objects.for_merchant(tenant)
    names = (
        "status", "amount", "amount_authorized", "amount_capture_pending", "amount_captured", "amount_refund_pending",
        "amount_refunded", "counts_toward_order", "late_reason",
    )  # fmt: skip
    return {row[0]: row[1:] for row in rows.values_list("id", *names)}


def _payment(one: model.Payment) -> Any:
    return (
        one.status, one.amount, one.authorized, one.capture_pending, one.captured, one.refund_pending, one.refunded,
        one.counts, one.late,
    )  # fmt: skip


def _operations(tenant: Tenant) -> dict[Any, Any]:
    names = ("payment_id", "id", "kind", "status", "amount", "captured_amount", "fee_amount", "is_final", "purpose")
    found: dict[Any, Any] = {}
    for row in Operation.objects.for_merchant(tenant).order_by("id").values_list(*names):
        found.setdefault(row[0], []).append(row[2:])
    return found


def _operation_shapes(one: model.Payment) -> Any:
    shapes = [(op.kind, op.status, op.amount, op.captured, op.fee, op.final, op.purpose) for op in one.operations]
    return shapes or None


def _refunds(tenant: Tenant) -> dict[Any, Any]:
    return {
        row.id: (
            row.status, row.amount, row.external, row.sends,
            [(leg["capture"], leg["account"], leg["amount"]) for leg in row.legs],
        )
        for row in Refund.objects.for_merchant(tenant)
    }  # fmt: skip


def _refund(one: model.Refund) -> Any:
    legs = [(to_public("opn", capture.id), account, amount) for capture, account, amount in one.legs]
    return one.status, one.amount, one.external, one.sends, legs


def _balances(tenant: Tenant) -> dict[Any, int]:
    with connection.cursor() as cursor:
        cursor.execute(_BALANCES, [tenant.merchant_id])
        return {(account, currency): amount for account, currency, amount in cursor.fetchall() if amount}


def _anomalies(tenant: Tenant) -> dict[Any, int]:
    return Counter(Anomaly.objects.for_merchant(tenant).values_list("kind", "subject_id"))


def learn_operation_ids(payment: model.Payment) -> None:
    """The operations that a verb opened, by the order in which they were opened."""
    if any(one.id is None for one in payment.operations):
        rows = Operation.objects.unscoped("a test").filter(payment_id=payment.id).order_by("id")
        ids = list(rows.values_list("id", flat=True))
        assert len(ids) == len(payment.operations), "the gateway opened other operations than the model"
        for operation, found in zip(payment.operations, ids, strict=True):
            operation.id = found


def broken_invariants() -> list[str]:
    """Every truth that does not hold, with the deferred constraints checked as a commit would."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    return [line for result in run(settings.INVARIANTS) if not result.holds for line in result.lines()]


def word_about(payment: model.Payment, operation: model.Operation, word: str) -> Observation:
    """The provider's word about an operation, without the whole payment."""
    code = "" if word in ("succeeded", "requires_action", "pending") else "card_declined"
    if word == "tombstone":
        return Observation(Outcome.FAILED, "", code="voided_by_key", voided_by_key=True)
    reference = f"cap-{operation.id}" if operation.kind == "capture" else f"pay-{payment.id}"
    return Observation(Outcome(word), f"pay-{payment.id}", reference, operation.amount, code=code)


def fact_of(payment: model.Payment, shown: list[model.Shown]) -> PaymentFact:
    """The provider's present state of a payment: everything that it has said until now, as a whole."""
    assert payment.authorize is not None
    taken = [one for one in payment.operations if one.taken]
    voids = [one for one in payment.operations if one.kind == "void" and one.status == "succeeded"]
    granted = Observation(Outcome.SUCCEEDED, f"pay-{payment.id}", f"pay-{payment.id}", payment.authorized)
    gone = Observation(Outcome.FAILED, f"pay-{payment.id}", code="payment_voided")
    return PaymentFact(
        provider_reference=f"pay-{payment.id}",
        authorize_operation_id=to_public("opn", payment.authorize.id),
        authorize=granted if payment.authorized else gone,
        currency=payment.order.currency,
        amount_authorized=payment.authorized,
        amount_captured=sum(one.taken for one in taken) + payment.taken_outside,
        amount_refunded=0,
        voided=bool(voids) or payment.voided_by_provider,
        void_operation_id=to_public("opn", voids[-1].id) if voids else "",
        captures=tuple(CaptureFact(f"cap-{one.id}", to_public("opn", one.id), one.taken) for one in taken),
        refunds=tuple(_refund_fact(one) for one in shown),
    )


def _refund_fact(one: model.Shown) -> RefundFact:
    our_id = to_public("rfd", one.refund.id) if one.refund else ""
    is_back = one.word == "returned"
    return RefundFact(
        one.reference, our_id, one.amount, Outcome.FAILED if is_back else Outcome(one.word), was_sent=is_back
    )


def external_refund_ids(payment: model.Payment) -> dict[str, Any]:
    """The refunds of a payment that the gateway first saw at the provider, by their reference there."""
    rows = Refund.objects.unscoped("a test").filter(payment_id=payment.id, external=True)
    return dict(rows.values_list("provider_reference", "id"))


def moved_outside(payment: model.Payment) -> dict[str, int]:
    """What our books say left the provider's account, by each refund made there of which its word has reached us."""
    refunds, row = external_refund_ids(payment), Payment.objects.unscoped("a test").get(id=payment.id)
    return {
        reference: -_cleared("provider_object", provider_object_source(row.provider_account_id, reference))
        - (_cleared("refund", refunds[reference]) if reference in refunds else 0)
        for reference in payment.told
    }


def _cleared(source_type: str, source_id: Any) -> int:
    return net_of(source_type=source_type, source_id=source_id, account_type=AccountType.PROVIDER_CLEARING)
