"""Sending money back: at once, later, or at once and back again, as the card's issuer has it.

Money moves when a refund succeeds (journal: `refund`) and when the issuer returns it (`refund_returned`); a refund that
is pending only holds its amount. What comes later is a row with a time: `bank.sender` carries it out.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from bank import journal, webhooks
from bank.cards import CARDS_BY_NAME, RefundOutcome
from bank.errors import Problem
from bank.faults import Fault, Faults, Instructions
from bank.models import Account, JournalEntry, Payment, Refund, new_id
from bank.payments import lock_payment, wrong_state
from bank.representations import payment_body

Kind = JournalEntry.Kind
Status = Refund.Status

# outcome -> (status at first, status later)
_STEPS: dict[RefundOutcome, tuple[Status, Status | None]] = {
    RefundOutcome.SUCCEEDS: (Status.SUCCEEDED, None),
    RefundOutcome.PENDING: (Status.PENDING, Status.SUCCEEDED),
    RefundOutcome.FAILS: (Status.SUCCEEDED, Status.FAILED),
    RefundOutcome.REJECTED: (Status.PENDING, Status.FAILED),
}
_FAILURE = "expired_or_canceled_card"


def refund(
    account: Account,
    payment_id: str,
    key: str,
    *,
    amount: int | None,
    reference: str,
    reason: str,
    instructions: Instructions,
    faults: Faults,
) -> tuple[Payment, Refund]:
    """Send some or all of what was captured back."""
    payment = lock_payment(account, payment_id)
    refundable = payment.amount_captured - payment.amount_refunded - _held(payment)
    if refundable == 0:
        raise wrong_state(payment, "Nothing of this payment can be refunded.")
    amount = refundable if amount is None else amount
    if amount > refundable:
        raise Problem(
            409, "amount_too_large", "More than what was captured cannot be refunded.", payment=payment_body(payment)
        )
    first, later = _STEPS[_outcome(payment, instructions)]
    sent = Refund(
        id=new_id("brfd"),
        payment=payment,
        reference=reference,
        key=key,
        amount=amount,
        reason=reason,
        status=Status.PENDING,
        # Late and doubled events stay so; an event that was put off to be overtaken is overtaken by the later ones.
        webhook_faults=[name for name in faults.of_webhooks() if not name.startswith(Fault.REORDER_WEBHOOKS)],
    )
    if later is not None:
        seconds = instructions.refund_seconds
        after_s = settings.BANK_REFUND_SECONDS if seconds is None else seconds
        sent.next_status, sent.due_at = later, timezone.now() + timedelta(seconds=after_s)
    _move(payment, sent, first)
    sent.save(force_insert=True)
    webhooks.queue(f"refund.{first}", payment, faults.of_webhooks())
    return payment, sent


def apply_one_outcome() -> bool:
    """Carry out what is due of one refund. False when nothing is."""
    with transaction.atomic():
        now = timezone.now()
        payment = (
            Payment.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("account")
            .filter(refunds__due_at__lte=now)
            .first()
        )
        if payment is None:
            return False
        sent = payment.refunds.filter(due_at__lte=now).order_by("due_at", "id").first()
        if sent is None:
            return True  # another sender has just done it
        status = Status(sent.next_status)
        sent.next_status, sent.due_at = "", None
        _move(payment, sent, status)
        sent.save()
        webhooks.queue(f"refund.{status}", payment, sent.webhook_faults)
        return True


def _outcome(payment: Payment, instructions: Instructions) -> RefundOutcome:
    if instructions.refund is not None:
        return instructions.refund
    card = CARDS_BY_NAME.get(payment.scenario)
    return card.refund if card is not None else RefundOutcome.SUCCEEDS


def _held(payment: Payment) -> int:
    """What pending refunds will take."""
    held: int | None = payment.refunds.filter(status=Status.PENDING).aggregate(total=Sum("amount"))["total"]
    return held or 0


def _move(payment: Payment, sent: Refund, status: Status) -> None:
    """The refund's next status, with what that does to the money. The caller holds the payment's lock."""
    returned = status == Status.FAILED and sent.succeeded_at is not None
    sent.status = status
    payment.version += 1
    if status == Status.SUCCEEDED:
        sent.succeeded_at = timezone.now()
        payment.amount_refunded += sent.amount
        _record(Kind.REFUND, payment, sent)
    elif status == Status.FAILED:
        sent.failure_code = _FAILURE
        if returned:
            payment.amount_refunded -= sent.amount
            _record(Kind.REFUND_RETURNED, payment, sent)
    payment.save()


def _record(kind: JournalEntry.Kind, payment: Payment, sent: Refund) -> None:
    journal.write(
        kind,
        payment,
        object_id=sent.id,
        reference=sent.reference,
        key=sent.key,
        amount=sent.amount,
        detail=sent.failure_code,
    )
